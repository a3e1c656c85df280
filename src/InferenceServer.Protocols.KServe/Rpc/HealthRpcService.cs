using Grpc.Core;
using Grpc.Health.V1;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using Microsoft.Extensions.Hosting;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// The standard health service. The empty service name and that of the inference service follow the server's readiness; any other name is
/// that of a model and follows the readiness of its newest version, so that a probe can wait for one model.
/// </summary>
internal sealed class HealthRpcService(IModelControl control, KServeRpcOptions options, TimeProvider time, IHostApplicationLifetime lifetime) : Health.HealthBase
{
    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        var status = StatusOf(request.Service);
        if (status != ServingStatus.Serving)
        {
            await control.WaitForProbeAsync(context.CancellationToken).ConfigureAwait(false);
            status = StatusOf(request.Service);
        }

        return status == ServingStatus.ServiceUnknown
            ? throw RpcErrorMapping.ToException(new InferenceError(ErrorCode.NotFound, $"there is no service or model '{request.Service}'"))
            : new HealthCheckResponse { Status = status };
    }

    /// <summary>
    /// Tells the status now and whenever it has changed. An unknown name is told as such, and the stream stays open, since a model of that
    /// name may come.
    /// </summary>
    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using var timer = new PeriodicTimer(options.HealthWatchInterval, time);
        var told = ServingStatus.Unknown;
        try
        {
            do
            {
                var status = StatusOf(request.Service);
                if (status != told)
                {
                    await responseStream.WriteAsync(new HealthCheckResponse { Status = status }, ending.Token).ConfigureAwait(false);
                    told = status;
                }
            }
            while (await timer.WaitForNextTickAsync(ending.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            // An open stream would hold the process up until its shutdown timeout.
            if (told != ServingStatus.NotServing)
            {
                await responseStream.WriteAsync(new HealthCheckResponse { Status = ServingStatus.NotServing }, context.CancellationToken).ConfigureAwait(false);
            }

            throw RpcErrorMapping.ToException(new InferenceError(ErrorCode.Unavailable, "the server is stopping"));
        }
    }

    private ServingStatus StatusOf(string service)
    {
        if (service.Length == 0 || service == GRPCInferenceService.Descriptor.FullName)
        {
            return control.IsReady ? ServingStatus.Serving : ServingStatus.NotServing;
        }

        if (control.IsModelReady(service, "", out var error))
        {
            return ServingStatus.Serving;
        }

        return error.Code == ErrorCode.NotFound ? ServingStatus.ServiceUnknown : ServingStatus.NotServing;
    }
}
