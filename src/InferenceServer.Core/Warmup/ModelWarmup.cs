using System.IO.Abstractions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Warmup;

/// <summary>
/// Has every lane of a version run the samples of its configuration before the first client gets in. They take the ordinary way through
/// validation, lane and statistics; only the queue is left out.
/// </summary>
internal sealed class ModelWarmup(IFileSystem files, ITensorAllocator allocator, TimeProvider time, SchedulerOptions scheduling, ILogger<ModelWarmup> logger)
{
    private readonly WarmupInputMaker _inputs = new(files, allocator);

    /// <summary>Warms a version up that nobody else uses yet.</summary>
    /// <param name="served">The version.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="cancellationToken">Ends the warm-up, as far as the backend can stop a run.</param>
    /// <returns>Null, or why the version cannot serve: the first sample that failed, and how.</returns>
    /// <exception cref="OperationCanceledException">The warm-up was ended.</exception>
    public async Task<string?> RunAsync(ServedModel served, string folder, CancellationToken cancellationToken)
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

                foreach (var lane in served.Scheduler.Lanes)
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
            return await ExecuteAsync(served, lane, sample.Requests, sample.Name, inputs, cancellationToken).ConfigureAwait(false);
        }

        // Requests of such models are never put together.
        InferenceError? error = null;
        for (var i = 0; i < sample.Requests && error is null; i++)
        {
            error = await ExecuteAsync(served, lane, 1, sample.Name, inputs, cancellationToken).ConfigureAwait(false);
        }

        return error;
    }

    private async Task<InferenceError?> ExecuteAsync(ServedModel served, InstanceRunner lane, int requests, string name, List<TensorView> inputs, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var members = new PendingInference[requests];
        var membership = new BatchMembership(requests);
        for (var i = 0; i < requests; i++)
        {
            if (!TryPrepare(served, name, inputs, cancellationToken, out var pending, out var error))
            {
                foreach (var earlier in members.AsSpan(0, i))
                {
                    earlier.Fail(error);
                }

                return error;
            }

            members[i] = pending;
            pending.Membership = membership;
        }

        foreach (var member in members)
        {
            member.WatchCancellation(static state => Abandon((PendingInference)state!), member);
        }

        var outcomes = ReadAsync(members);

        // An execution may take as long as it likes: it must not hold up a thread that others count on.
        await Task.Factory.StartNew(() => Execute(lane, members), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        var failure = await outcomes.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return failure;
    }

    private void Execute(InstanceRunner lane, PendingInference[] members)
    {
        foreach (var member in members)
        {
            // The start of the thread is no time in a queue.
            member.EnqueuedTimestamp = time.GetTimestamp();
        }

        lane.Warm(members);
    }

    private bool TryPrepare(
        ServedModel served,
        string name,
        List<TensorView> inputs,
        CancellationToken cancellationToken,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PendingInference? pending,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out InferenceError? error)
    {
        served.TryAcquire();
        var request = new InferenceRequest(new ModelLease(served)) { Id = name };
        foreach (var input in inputs)
        {
            request.AddInput(input.Acquire());
        }

        var stream = served.Config.IsDecoupled ? new InferenceStream(scheduling.MaxUnreadResponses, scheduling.ReaderPatience, time) : null;
        if (served.Validator.TryPrepare(request, stream, cancellationToken, out pending, out error))
        {
            return true;
        }

        stream?.Dispose();
        request.Dispose();
        return false;
    }

    private static void Abandon(PendingInference pending)
    {
        pending.IsAbandoned = true;
        pending.Membership!.Leave();
    }

    /// <summary>Reads every outcome, so that a decoupled model is never held up, and keeps the first error.</summary>
    private static async Task<InferenceError?> ReadAsync(PendingInference[] members)
    {
        InferenceError? first = null;
        foreach (var member in members)
        {
            if (member.Stream is not { } stream)
            {
                var outcome = await member.Task.ConfigureAwait(false);
                outcome.Response?.Dispose();
                first ??= outcome.Error;
                continue;
            }

            using (stream)
            {
                while (await stream.ReadAsync(CancellationToken.None).ConfigureAwait(false) is { } outcome)
                {
                    outcome.Response?.Dispose();
                    first ??= outcome.Error;
                }
            }
        }

        return first;
    }
}
