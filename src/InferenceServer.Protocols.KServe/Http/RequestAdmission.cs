using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Tracing;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>What is found out about a request before a byte of its body is read.</summary>
internal sealed class RequestAdmission(IInferenceEngine engine, KServeHttpOptions options)
{
    /// <summary>Holds the body's length against the limit and takes a lease on the model.</summary>
    /// <param name="context">The request.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="version">The version; empty for any.</param>
    /// <param name="allowsDecoupled">Whether the route has an answer for models that answer any number of times.</param>
    /// <param name="request">The request, still empty; the caller's, as is its trace, which ends with the answer.</param>
    /// <param name="error">Why there is none.</param>
    /// <param name="status">The HTTP status that goes with it.</param>
    public bool TryAdmit(HttpContext context, string model, string version, bool allowsDecoupled, [NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out InferenceError? error, out int status)
    {
        request = null;
        var came = engine.Tracer.Timestamp;
        BodyReading.LimitChunks(context, context.Request.Headers.ContainsKey(InferResponseWriter.HeaderLengthName) ? options.MaxRequestBytes : Math.Min(options.MaxInputSize, options.MaxRequestBytes));

        // Before a byte of the body is read or a lease is taken.
        if (context.Request.ContentLength > options.MaxRequestBytes)
        {
            error = RequestErrors.BodyLimit(context.Request.ContentLength.Value, options.MaxRequestBytes);
            status = StatusCodes.Status413PayloadTooLarge;
            return false;
        }

        status = StatusCodes.Status200OK;
        if (engine.TryAcquire(model, version, out var lease, out error))
        {
            if (allowsDecoupled || !lease.Model.Config.IsDecoupled)
            {
                var traceParent = TraceParents.Of(context.Request.Headers);
                var trace = engine.Tracer.Begin(lease.Model, traceParent, TraceActivity.HttpReceiveStart, came);
                request = new InferenceRequest(lease) { Trace = trace, TraceParent = traceParent };
                return true;
            }

            lease.Dispose();
            error = RequestErrors.Decoupled(model);
        }

        status = HttpErrorMapping.ToStatus(error.Code);
        return false;
    }
}
