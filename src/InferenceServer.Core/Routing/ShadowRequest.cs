using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Routing;

/// <summary>A copy of a request for a shadow. It holds its tensors, its place and its memory until it is sent or disposed.</summary>
internal sealed class ShadowRequest : IThreadPoolWorkItem, IDisposable
{
    private readonly ShadowSender _sender;
    private readonly string _id;
    private readonly string[] _outputs;
    private readonly KeyValuePair<string, ParameterValue>[] _parameters;
    private readonly long _bytes;
    private TensorView[] _inputs;

    public ShadowRequest(ShadowSender sender, AliasShadow shadow, ShadowCounters counters, InferenceRequest request, long bytes)
    {
        _sender = sender;
        Shadow = shadow;
        Counters = counters;
        Answering = request.Lease.Model;
        _id = request.Id;
        _outputs = [.. request.RequestedOutputs];
        _parameters = [.. request.Parameters];
        _inputs = [.. request.Inputs.Select(static input => input.Acquire())];
        _bytes = bytes;
    }

    public AliasShadow Shadow { get; }

    public ShadowCounters Counters { get; }

    /// <summary>The version that answers the client. It is compared and never used: the copy keeps no lease on it.</summary>
    public ServedModel Answering { get; }

    /// <summary>The version that is wanted, as requests name it.</summary>
    public string VersionText => new AliasTarget(Shadow.Model, Shadow.Version, 0, IsStable: false).VersionText;

    /// <summary>The request has been accepted: its copy follows. It disposes itself.</summary>
    public void Send() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => _ = _sender.RunAsync(this);

    /// <summary>Makes the request for the shadow, which takes the tensors over.</summary>
    public InferenceRequest MoveTo(ModelLease lease)
    {
        // No trace and no caller: what becomes of it is nobody's business but the shadow's.
        var request = new InferenceRequest(lease) { Id = _id, IsErrand = true };
        foreach (var input in _inputs)
        {
            request.AddInput(input);
        }

        _inputs = [];
        request.RequestedOutputs.AddRange(_outputs);
        foreach (var (name, value) in _parameters)
        {
            request.Parameters[name] = value;
        }

        return request;
    }

    public void Dispose()
    {
        foreach (var input in _inputs)
        {
            input.Dispose();
        }

        _inputs = [];
        _sender.Release(Counters, _bytes);
    }
}
