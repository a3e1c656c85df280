using System.IO.Abstractions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Warmup;

/// <summary>
/// Has lanes of a version run the samples of its configuration before the first client gets to them. Statistics and metrics show them, as in Triton.
/// </summary>
internal sealed class ModelWarmup(BackgroundThreads threads, IFileSystem files, ITensorAllocator allocator, TimeProvider time, SchedulerOptions scheduling, ILogger<ModelWarmup> logger)
{
    private readonly WarmupExecutor _executor = new(threads, time, scheduling);
    private readonly WarmupInputMaker _inputs = new(files, allocator);

    /// <summary>Warms lanes up that nobody else uses yet.</summary>
    /// <param name="served">The version.</param>
    /// <param name="lanes">Its lanes, or some that are about to be.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="cancellationToken">Ends the warm-up, as far as the backend can stop a run.</param>
    /// <returns>Null, or why the version cannot serve: the first sample that failed, and how.</returns>
    /// <exception cref="OperationCanceledException">The warm-up was ended.</exception>
    public async Task<string?> RunAsync(ServedModel served, IReadOnlyList<InstanceRunner> lanes, string folder, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var executions = 0L;
        foreach (var sample in served.Config.Warmup)
        {
            var inputs = new List<TensorView>();
            try
            {
                foreach (var input in sample.Inputs)
                {
                    inputs.Add(await _inputs.MakeAsync(folder, input, served.Config.IsBatching, cancellationToken).ConfigureAwait(false));
                }

                foreach (var lane in lanes)
                {
                    for (var i = 0L; i < sample.Count; i++)
                    {
                        if (await RunAsync(served, lane, sample, inputs, cancellationToken).ConfigureAwait(false) is { } error)
                        {
                            return Describe(sample, error.Message);
                        }

                        executions++;
                    }
                }
            }
            catch (BackendException exception)
            {
                return Describe(sample, exception.Message);
            }
            finally
            {
                inputs.ForEach(static input => input.Dispose());
            }
        }

        WarmupLog.Warm(logger, served.Name, served.Version, executions, time.GetElapsedTime(started).TotalMilliseconds);
        return null;
    }

    private static string Describe(WarmupSample sample, string reason) => $"failed to run warmup sample '{sample.Name}': {reason}";

    private async Task<InferenceError?> RunAsync(ServedModel served, InstanceRunner lane, WarmupSample sample, List<TensorView> inputs, CancellationToken cancellationToken)
    {
        if (!served.Config.IsDecoupled)
        {
            return await _executor.ExecuteAsync(served, lane, sample.Requests, sample.Name, inputs, isCounted: true, cancellationToken).ConfigureAwait(false);
        }

        // Requests of such models are never put together.
        InferenceError? error = null;
        for (var i = 0; i < sample.Requests && error is null; i++)
        {
            error = await _executor.ExecuteAsync(served, lane, 1, sample.Name, inputs, isCounted: true, cancellationToken).ConfigureAwait(false);
        }

        return error;
    }
}
