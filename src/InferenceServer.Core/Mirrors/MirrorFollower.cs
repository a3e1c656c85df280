using System.Collections.Immutable;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Mirrors;

/// <summary>
/// Follows one remote repository: lists it every so often, and mirrors what two listings agree on and nobody has written to for a while, by the rule that holds for folders. A download that takes long
/// holds up no other model, and a store that cannot be reached changes nothing.
/// </summary>
internal sealed class MirrorFollower(RepositoryMirror mirror, MirrorSetup setup, TimeSpan interval)
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);

    /// <summary>How long after the first listing the second one comes, without which nothing is mirrored.</summary>
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);

    private readonly SettledRepository _settled = new(interval < s_quiet ? interval : s_quiet);
    private readonly Dictionary<string, Task> _running = new(StringComparer.Ordinal);
    private bool _isFailing;

    /// <summary>Mirrors what is there and settled, before anything is loaded.</summary>
    /// <exception cref="RemoteRepositoryException">The repository cannot be listed.</exception>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        Take(await mirror.ListPatientlyAsync(cancellationToken).ConfigureAwait(false));
        await Task.Delay(s_firstPause, setup.Time, cancellationToken).ConfigureAwait(false);
        var found = await mirror.ListPatientlyAsync(cancellationToken).ConfigureAwait(false);
        Take(found);
        await Task.WhenAll(Wanted(found).Select(model => mirror.RunAsync(model, cancellationToken))).ConfigureAwait(false);
        mirror.Tidy(found.ContainsKey);
    }

    /// <summary>Follows until the token is signalled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Pause(), setup.Time, stopping).ConfigureAwait(false);
                await StepAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops, and with it whatever is being downloaded.
            await EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One listing, and what follows from it.</summary>
    public async Task StepAsync(CancellationToken stopping)
    {
        await EndDownloadsAsync().ConfigureAwait(false);
        ImmutableSortedDictionary<string, RemoteModel> found;
        try
        {
            found = await mirror.ListAsync(stopping).ConfigureAwait(false);
        }
        catch (RemoteRepositoryException exception)
        {
            if (!_isFailing)
            {
                MirrorLog.Unreachable(setup.Logger, mirror.Url, exception.Message);
            }

            _isFailing = true;
            return;
        }

        if (_isFailing)
        {
            MirrorLog.Reachable(setup.Logger, mirror.Url);
            _isFailing = false;
        }

        Take(found);
        if (_settled.IsSettled && _running.Count == 0)
        {
            mirror.DeletePrevious();
        }

        foreach (var gone in mirror.Names.Where(name => !_settled.Models.ContainsKey(name) && !_running.ContainsKey(name)).ToArray())
        {
            mirror.Remove(gone);
        }

        foreach (var model in Wanted(found).Where(model => !_running.ContainsKey(model.Name)).ToArray())
        {
            _running.Add(model.Name, mirror.RunAsync(model, stopping));
        }
    }

    /// <summary>Ends when nothing is being downloaded.</summary>
    public Task Idle() => Task.WhenAll(_running.Values);

    private async Task EndAsync()
    {
        try
        {
            await Task.WhenAll(_running.Values).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What was cancelled is what had to end.
        }
    }

    private TimeSpan Pause() => _isFailing || (_settled.IsSettled && _running.Count == 0) ? interval : (interval < s_quiet ? interval : s_quiet) / 2;

    private void Take(ImmutableSortedDictionary<string, RemoteModel> found) =>
        _settled.Take(new RepositorySnapshot([.. found.Values.Select(static model => model.ToFolder())]), setup.Time.GetUtcNow().UtcDateTime);

    /// <summary>What counts, is there as it counted, and is not mirrored.</summary>
    private IEnumerable<RemoteModel> Wanted(ImmutableSortedDictionary<string, RemoteModel> found) =>
        found.Values.Where(model => _settled.Models.TryGetValue(model.Name, out var settled) && settled.Stamp == model.Stamp && !mirror.IsCurrent(model));

    private async Task EndDownloadsAsync()
    {
        foreach (var (name, task) in _running.Where(static one => one.Value.IsCompleted).ToArray())
        {
            _running.Remove(name);
            await task.ConfigureAwait(false);
        }
    }
}
