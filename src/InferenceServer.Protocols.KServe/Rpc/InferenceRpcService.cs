using Grpc.Core;
using Inference;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Repository;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Logging;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.Tracing;
using InferenceServer.Protocols.KServe.SharedMemory;
using InferenceServer.Protocols.KServe.Statistics;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// The KServe v2 service over gRPC: translates messages into calls of the engine and of the model control, and back. An rpc that is not
/// overridden here is answered with UNIMPLEMENTED.
/// </summary>
[BindServiceMethod(typeof(InferenceRpcBinding), nameof(InferenceRpcBinding.Bind))]
internal sealed class InferenceRpcService(IInferenceEngine engine, IModelControl control, KServeRpcOptions options, RequestMemoryGate memory) : GRPCInferenceService.GRPCInferenceServiceBase
{
    private readonly InferAdmission _admission = new(engine, options);
    private readonly StreamInferHandler _stream = new(engine, control, options, memory);
    private readonly RepositoryRpcHandler _repository = new(control);
    private readonly SharedMemoryRpc _sharedMemory = new(control);

    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = control.IsLive });

    public override async Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context)
    {
        if (!control.IsReady)
        {
            await control.WaitForProbeAsync(context.CancellationToken).ConfigureAwait(false);
        }

        return new ServerReadyResponse { Ready = control.IsReady };
    }

    public override async Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        if (!control.IsModelReady(request.Name, request.Version, out _))
        {
            await control.WaitForProbeAsync(context.CancellationToken).ConfigureAwait(false);
            if (!control.IsModelReady(request.Name, request.Version, out var error))
            {
                throw RpcErrorMapping.ToException(error);
            }
        }

        return new ModelReadyResponse { Ready = true };
    }

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(MetadataMessages.OfServer(control.Server));

    public override async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        return MetadataMessages.OfModel(await DescribeAsync(request.Name, request.Version, context.CancellationToken).ConfigureAwait(false));
    }

    public override async Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        return new ModelConfigResponse { Config = (await DescribeAsync(request.Name, request.Version, context.CancellationToken).ConfigureAwait(false)).Config.ToMessage() };
    }

    public override async Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        return control.TryReadStatistics(request.Name, request.Version, out var reports, out var error)
            ? StatisticsMessages.Of(reports, request.Details)
            : throw RpcErrorMapping.ToException(error);
    }

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        if (http.Request.Headers.GrpcEncoding.Count > 0)
        {
            // A compressed message has been given the room of the largest that it could have become.
            http.Features.Get<RequestRoom>()?.ShrinkTo(request.CalculateSize());
        }

        var record = ObservedRpc.Begin(engine, request, context);

        // The web server disposes what is registered here after the call has ended, in whatever way: when its answer has left.
        http.Response.RegisterForDispose(record);
        try
        {
            var response = await InferAsync(request, context, record).ConfigureAwait(false);
            record.Code = (int)StatusCode.OK;
            return response;
        }
        catch (Exception exception)
        {
            ObservedRpc.Fail(record, exception, context);
            throw;
        }
    }

    public override async Task<TraceSettingResponse> TraceSetting(TraceSettingRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.ModelName, isReading: request.Settings.Count == 0);
        if (request.Settings.Count > 0 && control.FindSettingsRefusal() is { } refusal)
        {
            throw RpcErrorMapping.ToException(refusal);
        }

        if (request.ModelName.Length > 0)
        {
            await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        }

        return TraceSettingMessages.TryAnswer(request, control.Tracing, out var response, out var error) ? response : throw RpcErrorMapping.ToException(error);
    }

    public override Task<LogSettingsResponse> LogSettings(LogSettingsRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), "", isReading: request.Settings.Count == 0);
        if (request.Settings.Count > 0 && control.FindSettingsRefusal() is { } refusal)
        {
            throw RpcErrorMapping.ToException(refusal);
        }

        return LogSettingsMessages.TryRead(request, out var update, out var error)
            ? Task.FromResult(LogSettingsMessages.Make(control.Log.Apply(update)))
            : throw RpcErrorMapping.ToException(error);
    }

    public override Task ModelStreamInfer(IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream, ServerCallContext context) =>
        _stream.HandleAsync(requestStream, responseStream, context);

    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) =>
        _repository.IndexAsync(request, context.CancellationToken);

    public override Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.ModelName);

        // A load may take minutes, and whoever infers must not wait for it.
        context.GetHttpContext().Features.Get<RequestRoom>()?.ShrinkTo(0);
        return _repository.LoadAsync(request, context.CancellationToken);
    }

    public override Task<RepositoryModelUnloadResponse> RepositoryModelUnload(RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.ModelName);
        return _repository.UnloadAsync(request, context.CancellationToken);
    }

    public override Task<SystemSharedMemoryStatusResponse> SystemSharedMemoryStatus(SystemSharedMemoryStatusRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.Name, isReading: true);
        return Task.FromResult(_sharedMemory.Status(request));
    }

    public override Task<SystemSharedMemoryRegisterResponse> SystemSharedMemoryRegister(SystemSharedMemoryRegisterRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.Name);
        return Task.FromResult(_sharedMemory.Register(request));
    }

    public override Task<SystemSharedMemoryUnregisterResponse> SystemSharedMemoryUnregister(SystemSharedMemoryUnregisterRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.Name);
        return Task.FromResult(_sharedMemory.Unregister(request));
    }

    public override Task<CudaSharedMemoryStatusResponse> CudaSharedMemoryStatus(CudaSharedMemoryStatusRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.Name, isReading: true);
        return Task.FromResult(_sharedMemory.Status(request));
    }

    public override Task<CudaSharedMemoryRegisterResponse> CudaSharedMemoryRegister(CudaSharedMemoryRegisterRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.Name);
        return Task.FromResult(_sharedMemory.Register(request));
    }

    public override Task<CudaSharedMemoryUnregisterResponse> CudaSharedMemoryUnregister(CudaSharedMemoryUnregisterRequest request, ServerCallContext context)
    {
        ControlRecord.Note(context.GetHttpContext(), request.Name);
        return Task.FromResult(_sharedMemory.Unregister(request));
    }

    private async Task<ModelInferResponse> InferAsync(ModelInferRequest request, ServerCallContext context, RequestRecord record)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        var http = context.GetHttpContext();
        var admission = await _admission.AdmitAsync(request, context, record, RpcArrival.Of(http, engine.Tracer), allowsDecoupled: false, context.CancellationToken).ConfigureAwait(false);
        if (!admission.TryGet(out var inference, out var refusal))
        {
            throw RpcErrorMapping.ToException(refusal, request.Id);
        }

        TraceParents.Tell(http, record.Trace);
        using var shared = admission.Outputs;
        var outcome = await engine.InferAsync(inference, context.CancellationToken).ConfigureAwait(false);
        record.BeginSend();
        record.Trace?.BeginSend(TraceActivity.RpcSendStart, TraceActivity.RpcSendEnd);
        if (!outcome.IsSuccess)
        {
            throw RpcErrorMapping.ToException(outcome.Error, request.Id);
        }

        // The message that is returned below only points to the outputs and is serialised after this method has ended, and before
        // what is registered here is disposed.
        http.Response.RegisterForDispose(outcome.Response);
        var error = RequestedOutputs.Shape(request, shared, outcome.Response, engine.Allocator, context.CancellationToken);
        return error is null && InferResponseWriter.TryWrite(outcome.Response, shared, out var response, out error) ? response : throw RpcErrorMapping.ToException(error, request.Id);
    }

    private async ValueTask<ModelDescription> DescribeAsync(string name, string version, CancellationToken cancellationToken)
    {
        var error = await control.WakeAsync(name, version, cancellationToken).ConfigureAwait(false);
        return error is null && control.TryDescribe(name, version, out var description, out error) ? description : throw RpcErrorMapping.ToException(error);
    }
}
