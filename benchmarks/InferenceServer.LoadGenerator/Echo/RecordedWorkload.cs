using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Answers;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>The requests of a measurement and the checked answers to them.</summary>
internal sealed record RecordedWorkload(InferRequests Requests, Recording Recording, AnswerCheck Check)
{
    /// <summary>The answer that was recorded in an encoding.</summary>
    public Answer FirstAnswer(WireEncoding encoding) => encoding == WireEncoding.Grpc
        ? RpcAnswerReader.Read(Expected(encoding))
        : HttpAnswerReader.Read(Expected(encoding), encoding == WireEncoding.Json ? null : Recorder.JsonLength(Recording.Binary!));

    /// <summary>The body every later answer must have.</summary>
    public byte[] Expected(WireEncoding encoding) => (encoding switch
    {
        WireEncoding.Json => Recording.Json?.Body,
        WireEncoding.Binary => Recording.Binary?.Body,
        _ => Recording.Grpc,
    }) ?? throw new InvalidOperationException($"{encoding} was not recorded");
}
