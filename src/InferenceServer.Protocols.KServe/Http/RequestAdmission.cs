using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
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
    /// <param name="record">The request, as far as it is known.</param>
    /// <param name="allowsDecoupled">Whether the route has an answer for models that answer any number of times.</param>
    public async ValueTask<HttpAdmission> AdmitAsync(HttpContext context, string model, string version, RequestRecord record, bool allowsDecoupled)
    {
        var came = engine.Tracer.Timestamp;
        BodyReading.LimitChunks(context, context.Request.Headers.ContainsKey(InferResponseWriter.HeaderLengthName) ? options.MaxRequestBytes : Math.Min(options.MaxInputSize, options.MaxRequestBytes));

        // Before a byte of the body is read or a lease is taken.
        if (context.Request.ContentLength > options.MaxRequestBytes)
        {
            return new HttpAdmission(null, RequestErrors.BodyLimit(context.Request.ContentLength.Value, options.MaxRequestBytes), StatusCodes.Status413PayloadTooLarge);
        }

        if (DeadlineHeader.Read(context.Request.Headers, out var timeout) is { } wrong)
        {
            return new HttpAdmission(null, wrong, StatusCodes.Status400BadRequest);
        }

        var outcome = await AcquireAsync(context, model, version);
        if (outcome.TryGet(out var lease, out var error))
        {
            if (allowsDecoupled || !lease.Model.Config.IsDecoupled)
            {
                record.Follow(lease.Model);
                engine.Tracer.Begin(record, lease.Model, TraceActivity.HttpReceiveStart, came);
                TraceParents.Tell(context, record.Trace);
                return new HttpAdmission(new InferenceRequest(lease) { Record = record, Trace = record.Trace, TraceParent = record.TraceParent, TimeLimit = timeout }, null, StatusCodes.Status200OK);
            }

            lease.Dispose();
            error = RequestErrors.Decoupled(model);
        }

        return new HttpAdmission(null, error, HttpErrorMapping.ToStatus(error));
    }

    private ValueTask<LeaseOutcome> AcquireAsync(HttpContext context, string model, string version) => engine.FindStickyHeader(model) is { } header
        ? engine.AcquireAsync(model, version, context.Request.Headers[header].ToString(), context.RequestAborted)
        : engine.AcquireAsync(model, version, context.RequestAborted);
}
