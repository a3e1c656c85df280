using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Bench;
using InferenceServer.LoadGenerator.Commands;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>ModelInfer by the generated classes. The answer is an object that was parsed once, so that each call serialises it anew; the request is deserialised and looked at by nobody.</summary>
internal sealed class GeneratedEchoService : GRPCInferenceService.GRPCInferenceServiceBase
{
    private readonly Task<ModelInferResponse>? _answer;

    /// <exception cref="BenchException">The recorded answer would not be the same once it is serialised anew, so that every answer would differ from the server's.</exception>
    public GeneratedEchoService(Recording recording)
    {
        if (recording.Grpc is { } bytes)
        {
            var answer = Parse(bytes);
            _answer = bytes.AsSpan().SequenceEqual(answer.ToByteArray())
                ? Task.FromResult(answer)
                : throw new BenchException($"the recorded gRPC answer has another form than the generated classes give it: use {OptionChecks.RpcEchoName} {OptionChecks.NameOf(RpcEcho.Raw)}");
        }
    }

    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context) =>
        _answer ?? throw new RpcException(new Status(StatusCode.Unimplemented, "the recording has no gRPC answer"));

    private static ModelInferResponse Parse(byte[] bytes)
    {
        try
        {
            return ModelInferResponse.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new BenchException($"the recorded gRPC answer is no message: {e.Message}", e);
        }
    }
}
