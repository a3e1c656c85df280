using System.Threading.Channels;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Those who have asked the lifecycle for something and wait until clients can see it. Belongs to the lifecycle loop: nothing else touches it.</summary>
internal sealed class LifecycleWaiters(Residents residents, EnsembleWatch ensembles)
{
    private readonly List<LoadTicket> _tickets = [];
    private readonly List<TaskCompletionSource> _unloads = [];

    /// <summary>What everybody is told who asks when the server stops.</summary>
    public static LoadFailure Stopping { get; } = new("the server is stopping") { IsRetryable = true };

    public void Add(LoadTicket ticket) => _tickets.Add(ticket);

    public void Add(TaskCompletionSource unload) => _unloads.Add(unload);

    /// <summary>Tells those what has come of their requests of whose requests something has.</summary>
    public void Answer(IReadOnlyDictionary<string, AspiredModel> aspired, IReadOnlyCollection<Incarnation> incarnations)
    {
        _tickets.RemoveAll(ticket => ticket.TryEnd(
            aspired.GetValueOrDefault(ticket.Model.Name),
            incarnations.Where(incarnation => incarnation.ModelName == ticket.Model.Name),
            ensembles.Find(ticket.Model.Name)));
        _unloads.ForEach(static unload => unload.TrySetResult());
        _unloads.Clear();
        residents.Answer(aspired, incarnations, ensembles.FindBlocked);
    }

    /// <summary>Lets nobody wait for a loop that has ended.</summary>
    /// <param name="unread">The events that it has not come to.</param>
    public void End(ChannelReader<LifecycleEvent> unread)
    {
        _tickets.ForEach(static ticket => ticket.End(Stopping));
        while (unread.TryRead(out var left))
        {
            (left as LifecycleEvent.LoadRequested)?.Ticket.End(Stopping);
            (left as LifecycleEvent.UnloadRequested)?.Begun.TrySetResult();
            (left as LifecycleEvent.Demanded)?.Start.Fail(InferenceErrors.ServerStopping());
        }

        _unloads.ForEach(static unload => unload.TrySetResult());
        residents.End();
    }
}
