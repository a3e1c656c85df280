using InferenceServer.Core.Hosting;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Warmup;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Warms lanes up before their first request, by the samples of the configuration or, where it gives none, by inputs that are made up.</summary>
internal sealed class LaneWarmup(ModelWarmup samples, AutomaticWarmup automatic, CoreOptions options)
{
    /// <summary>Warms lanes up that nobody else uses yet.</summary>
    /// <param name="served">The version.</param>
    /// <param name="lanes">The lanes.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="onWarmup">Called before samples are run.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null, or why the lanes cannot serve.</returns>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<string?> RunAsync(ServedModel served, IReadOnlyList<InstanceRunner> lanes, string folder, Action onWarmup, CancellationToken cancellationToken)
    {
        if (!served.Config.Warmup.IsEmpty)
        {
            onWarmup();
            return await samples.RunAsync(served, lanes, folder, cancellationToken).ConfigureAwait(false);
        }

        if (options.AutoWarmup && served.Config.AllowsAutomaticWarmup)
        {
            // Not announced: it takes a moment, and each change of state is one more step of the lifecycle for all models.
            await automatic.RunAsync(served, lanes, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }
}
