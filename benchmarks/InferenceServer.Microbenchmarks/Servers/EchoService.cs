using Grpc.Core;
using Inference;

namespace InferenceServer.Microbenchmarks.Servers;

/// <summary>A service of the generated classes: the request is deserialised, the answer serialised, and nothing else is done.</summary>
internal sealed class EchoService(ModelInferResponse answer) : GRPCInferenceService.GRPCInferenceServiceBase
{
    private readonly Task<ModelInferResponse> _answer = Task.FromResult(answer);

    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context) => _answer;
}
