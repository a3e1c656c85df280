using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Tracing;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Observation;

/// <summary>Has every request of a route that runs models observed, from its head to the last byte of its answer.</summary>
internal static class ObservedRoute
{
    /// <summary>Puts the observation around what answers the route, and around the wait of a server that still starts.</summary>
    public static Func<HttpContext, string, string, Task> Watch(IInferenceEngine engine, IModelControl control, Func<HttpContext, string, string, RequestRecord, Task> handler) =>
        (context, model, version) => AnswerAsync(context, model, version, engine, control, handler);

    private static async Task AnswerAsync(HttpContext context, string model, string version, IInferenceEngine engine, IModelControl control, Func<HttpContext, string, string, RequestRecord, Task> handler)
    {
        using var record = engine.Observer.Begin(RequestProtocol.Http, model);
        record.TraceParent = TraceParents.Of(context.Request.Headers);
        record.Caller = context.Features.Get<Caller>();
        record.NameBy(context, static transport => RequestNames.Of((HttpContext)transport));
        RequestNames.Tell(context, hasFailed: false);
        try
        {
            await control.WaitForStartAsync(context.RequestAborted);
            await handler(context, model, version, record);
            record.Code = record.HasLostClient || HasMissedAnswer(context) ? RequestObserver.ClientGone : context.Response.StatusCode;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client did not wait as long.
            record.Code = RequestObserver.ClientGone;
        }
        catch (Exception exception)
        {
            record.Code = exception is BadHttpRequestException bad ? bad.StatusCode
                : context.RequestAborted.IsCancellationRequested ? RequestObserver.ClientGone
                : StatusCodes.Status500InternalServerError;

            // For whoever tells of it.
            context.Features.Set(record);
            throw;
        }
    }

    /// <summary>
    /// True when the client has gone without its answer. One that has had all of it may hang up while the last byte still leaves here, and has been answered: where the length was told in
    /// the head, all has been sent by now, or a write has said otherwise. Of other answers the end comes after this.
    /// </summary>
    private static bool HasMissedAnswer(HttpContext context) =>
        context.RequestAborted.IsCancellationRequested && !(context.Response.HasStarted && context.Response.ContentLength is not null);
}
