using InferenceServer.Bench;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.SharedMemory;
using InferenceServer.LoadGenerator.Answers;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>The requests of a measurement and the checked answers to them.</summary>
internal sealed record RecordedWorkload(InferRequests Requests, Recording Recording, AnswerCheck Check)
{
    /// <summary>The answer that was recorded in an encoding.</summary>
    public Answer FirstAnswer(WireEncoding encoding) => encoding == WireEncoding.Grpc
        ? RpcAnswerReader.Read(Expected(encoding))
        : HttpAnswerReader.Read(Expected(encoding), encoding == WireEncoding.Json ? null : Recorder.JsonLength(Recording.Binary!));

    /// <summary>The request as a load sends it.</summary>
    /// <param name="encoding">The way it travels.</param>
    /// <param name="target">The server.</param>
    /// <param name="timeout">The longest a single answer may take.</param>
    /// <param name="checksAnswers">Whether later answers must be the first.</param>
    /// <param name="shared">How tensors travel in shared memory; null for in messages.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="BenchException">The server refuses shared memory, or answers otherwise than without it.</exception>
    public async Task<RequestSet> PrepareAsync(WireEncoding encoding, LoadTarget target, TimeSpan timeout, bool checksAnswers, SharedMemoryPlan? shared, CancellationToken cancellation)
    {
        if (shared is null)
        {
            return RequestSet.Of(Requests.For(encoding, target), checksAnswers ? Expected(encoding) : null);
        }

        var workload = new SharedWorkload([InferRequest.Plain(Requests.Model, Requests.Inputs)], [FirstAnswer(encoding)], [], shared, checksAnswers);
        return await new SharedMemoryPreparation(ConnectionSettings.Plain(timeout), TimeProvider.System).PrepareAsync(encoding, target.For(encoding), workload, 1, cancellation);
    }

    /// <summary>The body every later answer must have.</summary>
    public byte[] Expected(WireEncoding encoding) => (encoding switch
    {
        WireEncoding.Json => Recording.Json?.Body,
        WireEncoding.Binary => Recording.Binary?.Body,
        _ => Recording.Grpc,
    }) ?? throw new InvalidOperationException($"{encoding} was not recorded");
}
