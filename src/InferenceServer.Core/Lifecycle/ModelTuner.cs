using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Has a version that serves take on a configuration that differs from its own in nothing but in how many instances run, how requests are put together and which
/// versions are served. Whether it differs is told by the completed configurations: another spelling of the same, such as an export, differs in nothing.
/// </summary>
internal sealed class ModelTuner(LaneWarmup warmup, TimeProvider time, CoreOptions options, ILogger logger)
{
    /// <inheritdoc cref="IModelLoader.TuneAsync" />
    public async Task<ModelLoadResult?> TuneAsync(ServedModel served, AspiredVersion before, AspiredVersion wanted, Action onWarmup, CancellationToken cancellationToken)
    {
        if (before.FilesFingerprint != wanted.FilesFingerprint || !served.TryAcquire())
        {
            return null;
        }

        // Whoever unloads the version meanwhile waits for this.
        using var lease = new ModelLease(served);
        if (!ModelConfigCompletion.TryComplete(wanted.Config, served.Signature, options.CompletionOf(wanted.Config.Backend.Name), out var config, out var problems))
        {
            // Another configuration may give the model another signature, which only a load finds out.
            return Tuning.IsAllThatDiffers(before.Config.Document.Message, wanted.Config.Document.Message) ? ModelLoadResult.Failed(string.Join('\n', problems)) : null;
        }

        if (!Tuning.IsAllThatDiffers(served.Config.Message, config.Message) || !LanePlan.PlacePassive(served.Config, options.HostPolicies).SequenceEqual(LanePlan.PlacePassive(config, options.HostPolicies)))
        {
            return null;
        }

        if (served.MakeLane is not { } makeLane)
        {
            // Its lanes have sequences of their own, so that only what does not concern them can change.
            if (!served.Config.With(config.VersionPolicy).Message.Equals(config.Message))
            {
                return null;
            }

            served.ChangePolicy(config.VersionPolicy);
            return ModelLoadResult.Tuned(served);
        }

        foreach (var warning in config.Warnings)
        {
            LifecycleLog.ConfigWarning(logger, config.Name, warning.ToString());
        }

        var started = time.GetTimestamp();
        var lanes = served.Scheduler.Lanes.Count;
        var (missing, spare) = LanePlan.Compare(config, options.HostPolicies, served.Scheduler.Lanes);
        var added = new List<InstanceRunner>();
        try
        {
            added.AddRange(missing.Select(makeLane));
            if (added.Count > 0 && await warmup.RunAsync(served, added, wanted.Folder.Path, onWarmup, cancellationToken).ConfigureAwait(false) is { } problem)
            {
                throw new BackendException(problem);
            }
        }
        catch
        {
            added.ForEach(static lane => lane.Retire());
            throw;
        }

        served.Tune(config, LanePlan.Rules(config, options.Scheduler, time, served.Statistics), added, spare);
        LifecycleLog.Tuned(logger, served.Name, served.Version, time.GetElapsedTime(started).TotalMilliseconds, served.Scheduler.Lanes.Count, lanes);
        return ModelLoadResult.Tuned(served);
    }
}
