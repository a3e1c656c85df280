using System.Collections.Immutable;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Routing;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Follows the repositories: scans them every so often, or as soon as something happens there, and says what should serve by what two scans agree on.
/// A repository that cannot be read for a while changes nothing.
/// </summary>
internal sealed class RepositoryPoller(RepositoryScanner scanner, ModelRepositoryControl control, ModelManager manager, RepositoryWatch watch, TimeProvider time, TimeSpan interval, ILogger<RepositoryPoller> logger)
{
    /// <summary>For how long nothing must be written to a model before it counts, where models are looked for no more often.</summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);

    /// <summary>How long after the first scan the second one comes, without which nothing is loaded.</summary>
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);

    private readonly SettledRepository _settled = new(interval < s_quiet ? interval : s_quiet);
    private readonly UnchangedModels _unchanged = new(time);
    private ImmutableDictionary<string, (string Stamp, AspiredModel Model)> _aspired = ImmutableDictionary<string, (string Stamp, AspiredModel Model)>.Empty;
    private bool _isFailing;

    /// <summary>Follows the files with aliases; null when there are none to follow.</summary>
    public AliasFileFollower? Aliases { get; init; }

    /// <summary>Polls until the token is signalled.</summary>
    /// <exception cref="IOException">The first scan has failed: there is nothing to serve.</exception>
    /// <exception cref="UnauthorizedAccessException">The first scan has failed: there is nothing to serve.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            watch.Start();
            Step();
            await Task.Delay(s_firstPause, time, stopping).ConfigureAwait(false);
            while (true)
            {
                TryStep();
                await PauseAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>One scan, and what follows from it.</summary>
    /// <exception cref="IOException">A repository cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A repository cannot be read.</exception>
    public void Step()
    {
        var isFirstSet = _settled is { IsSettled: false, Models.IsEmpty: true };
        var snapshot = scanner.Scan(_unchanged);

        // Before the models: what serves next is routed at once as the files want it.
        Aliases?.Step();
        if (_settled.Take(snapshot, time.GetUtcNow().UtcDateTime) || (isFirstSet && _settled.IsSettled))
        {
            Aspire();
        }
    }

    private void TryStep()
    {
        try
        {
            Step();
            _isFailing = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_isFailing)
            {
                LifecycleLog.PollFailed(logger, exception);
            }

            _isFailing = true;
        }
    }

    private async Task PauseAsync(CancellationToken stopping)
    {
        if (_settled.IsSettled && Aliases is not { IsSettled: false } && !_isFailing)
        {
            await watch.WaitAsync(interval, stopping).ConfigureAwait(false);
            return;
        }

        // Something is on its way, whose every write would wake us: it is looked at now and then.
        await Task.Delay((interval < s_quiet ? interval : s_quiet) / 2, time, stopping).ConfigureAwait(false);
    }

    private void Aspire()
    {
        var before = _aspired;
        _aspired = _settled.Models.Values.ToImmutableDictionary(
            static folder => folder.Name,
            folder => before.TryGetValue(folder.Name, out var known) && known.Stamp == folder.Stamp ? known : (folder.Stamp, control.Read(folder)),
            StringComparer.Ordinal);
        var added = _aspired.Keys.Count(name => !before.ContainsKey(name));
        var changed = _aspired.Count(model => before.TryGetValue(model.Key, out var known) && known.Stamp != model.Value.Stamp);
        LifecycleLog.RepositoryChanged(logger, added, changed, before.Keys.Count(name => !_aspired.ContainsKey(name)));
        manager.Aspire([.. _aspired.Values.Select(static known => known.Model)]);
    }
}
