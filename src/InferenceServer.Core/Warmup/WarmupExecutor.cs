using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Warmup;

/// <summary>Has one lane run requests that come from no client. They take the ordinary way through validation and lane; only the queue is left out.</summary>
internal sealed class WarmupExecutor(BackgroundThreads threads, TimeProvider time, SchedulerOptions scheduling)
{
    /// <summary>Runs equal requests in one execution; those of a decoupled model must be one.</summary>
    /// <param name="served">The version.</param>
    /// <param name="lane">A lane of it that has not taken any work yet.</param>
    /// <param name="requests">How many requests.</param>
    /// <param name="name">Their id.</param>
    /// <param name="inputs">The inputs of each, which stay with the caller.</param>
    /// <param name="isCounted">True when statistics and metrics show them.</param>
    /// <param name="cancellationToken">Breaks the run off, as far as the backend can.</param>
    /// <returns>Null, or the first error.</returns>
    /// <exception cref="OperationCanceledException">It was broken off.</exception>
    public async Task<InferenceError?> ExecuteAsync(
        ServedModel served, InstanceRunner lane, int requests, string name, IReadOnlyList<TensorView> inputs, bool isCounted, CancellationToken cancellationToken)
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
            member.WatchClient(static state => Abandon((PendingInference)state!), member, time);
        }

        var outcomes = ReadAsync(members);

        // An execution may take as long as it likes: it must not hold up a thread that others count on, nor take a processor from requests.
        await threads.RunAsync(() => Execute(lane, members, isCounted)).ConfigureAwait(false);
        var failure = await outcomes.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return failure;
    }

    private bool Execute(InstanceRunner lane, PendingInference[] members, bool isCounted)
    {
        foreach (var member in members)
        {
            // The start of the thread is no time in a queue.
            member.EnqueuedTimestamp = time.GetTimestamp();
        }

        lane.Warm(members, isCounted);
        return true;
    }

    private bool TryPrepare(
        ServedModel served,
        string name,
        IReadOnlyList<TensorView> inputs,
        CancellationToken cancellationToken,
        [NotNullWhen(true)] out PendingInference? pending,
        [NotNullWhen(false)] out InferenceError? error)
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
