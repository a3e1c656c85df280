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

    /// <summary>How long a scan and what it finds may take: whoever reads a copy has been told of its change after two scans and this.</summary>
    private static readonly TimeSpan s_reading = TimeSpan.FromSeconds(4);

    /// <summary>How many times the interval a model is left alone at most that could not be mirrored.</summary>
    private const int MaxPauses = 32;

    /// <summary>How long after the first listing the second one comes, without which nothing is mirrored.</summary>
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);

    private readonly SettledRepository _settled = new(interval < s_quiet ? interval : s_quiet);
    private readonly Dictionary<string, (RemoteModel Model, long Since, Task Work)> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FailedMirroring> _failed = new(StringComparer.Ordinal);
    private long? _lastChange;
    private bool _isFailing;

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

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
        if (_settled.IsSettled && _running.Count == 0 && _lastChange is { } changed && setup.Time.GetElapsedTime(changed) >= (2 * interval) + s_reading)
        {
            mirror.DeletePrevious();
            _lastChange = null;
        }

        foreach (var gone in mirror.Names.Where(name => !_settled.Models.ContainsKey(name) && !_running.ContainsKey(name)).ToArray())
        {
            await mirror.RemoveAsync(gone, stopping).ConfigureAwait(false);
            _failed.Remove(gone);
        }

        foreach (var model in Wanted(found).Where(model => !_running.ContainsKey(model.Name)).ToArray())
        {
            _running.Add(model.Name, (model, setup.Time.GetTimestamp(), mirror.RunAsync(model, stopping)));
        }
    }

    /// <summary>Ends when nothing is being downloaded.</summary>
    public Task Idle() => Task.WhenAll(_running.Values.Select(static one => one.Work));

    private async Task EndAsync()
    {
        try
        {
            await Idle().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What was cancelled is what had to end.
        }
    }

    /// <summary>How long it is until the next look.</summary>
    public TimeSpan Pause() => _isFailing || (_settled.IsSettled && _running.Values.All(static one => one.Work.IsCompleted)) ? interval : (interval < s_quiet ? interval : s_quiet) / 2;

    private void Take(ImmutableSortedDictionary<string, RemoteModel> found) =>
        _settled.Take(new RepositorySnapshot([.. found.Values.Select(static model => model.ToFolder())]), setup.Time.GetUtcNow().UtcDateTime);

    /// <summary>What counts, is there as it counted, and is not mirrored.</summary>
    private IEnumerable<RemoteModel> Wanted(ImmutableSortedDictionary<string, RemoteModel> found) =>
        found.Values.Where(model => _settled.Models.TryGetValue(model.Name, out var settled) && settled.Stamp == model.Stamp && !mirror.IsCurrent(model) && !IsTooSoon(model));

    private bool IsTooSoon(RemoteModel model) => _failed.TryGetValue(model.Name, out var failed) && failed.Stamp == model.Stamp && setup.Time.GetElapsedTime(failed.Since) < failed.Pause;

    private async Task EndDownloadsAsync()
    {
        foreach (var (name, (model, since, work)) in _running.Where(static one => one.Value.Work.IsCompleted).ToArray())
        {
            _running.Remove(name);
            await work.ConfigureAwait(false);
            _lastChange = setup.Time.GetTimestamp();
            if (mirror.IsCurrent(model))
            {
                _failed.Remove(name);
            }
            else
            {
                // What lies there is tried again, since a disk may have room by then, but ever more seldom: all of it may have to be downloaded for that.
                var before = _failed.GetValueOrDefault(name);
                _failed[name] = new FailedMirroring(model.Stamp, since, before?.Stamp == model.Stamp ? Min(2 * before.Pause, MaxPauses * interval) : interval);
            }
        }
    }
}
