using Grpc.Core;
using Inference;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Statistics;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// The KServe v2 service over gRPC: translates messages into calls of the engine and of the model control, and back. An rpc that is not
/// overridden here is answered with UNIMPLEMENTED.
/// </summary>
internal sealed class InferenceRpcService(IInferenceEngine engine, IModelControl control, KServeRpcOptions options) : GRPCInferenceService.GRPCInferenceServiceBase
{
    private readonly InferAdmission _admission = new(engine, options);
    private readonly StreamInferHandler _stream = new(engine, control, options);

    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = control.IsLive });

    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = control.IsReady });

    public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        // Only a version that is ready can be described; the error says why another is not.
        Describe(request.Name, request.Version);
        return Task.FromResult(new ModelReadyResponse { Ready = true });
    }

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(MetadataMessages.OfServer(control.Server));

    public override async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        return MetadataMessages.OfModel(Describe(request.Name, request.Version));
    }

    public override async Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        return new ModelConfigResponse { Config = Describe(request.Name, request.Version).Config.ToMessage() };
    }

    public override async Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        return control.TryReadStatistics(request.Name, request.Version, out var reports, out var error)
            ? StatisticsMessages.Of(reports)
            : throw RpcErrorMapping.ToException(error);
    }

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        if (!_admission.TryAdmit(request, context, allowsDecoupled: false, out var inference, out var refusal))
        {
            throw RpcErrorMapping.ToException(refusal);
        }

        var outcome = await engine.InferAsync(inference, context.CancellationToken).ConfigureAwait(false);
        if (!outcome.IsSuccess)
        {
            throw RpcErrorMapping.ToException(outcome.Error);
        }

        // The message that is returned below only points to the outputs and is serialised after this method has ended. The web server
        // disposes what is registered here after the call has ended, in whatever way, and that is always after serialisation.
        context.GetHttpContext().Response.RegisterForDispose(outcome.Response);
        var error = RequestedOutputs.Shape(request, outcome.Response, engine.Allocator, context.CancellationToken);
        return error is null && InferResponseWriter.TryWrite(outcome.Response, out var response, out error) ? response : throw RpcErrorMapping.ToException(error);
    }

    public override Task ModelStreamInfer(IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream, ServerCallContext context) =>
        _stream.HandleAsync(requestStream, responseStream, context);

    private ModelDescription Describe(string name, string version) =>
        control.TryDescribe(name, version, out var description, out var error) ? description : throw RpcErrorMapping.ToException(error);
}
