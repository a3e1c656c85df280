using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Classification;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Tracing;
using InferenceServer.Protocols.KServe.SharedMemory;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Answers <c>POST .../infer</c>.</summary>
internal sealed class InferHandler(IInferenceEngine engine, KServeHttpOptions options)
{
    private readonly InferRequestReader _reader = new(engine.Allocator, options);
    private readonly SharedTensors _shared = new(engine, options.MaxRequestBytes);

    public async Task HandleAsync(HttpContext context, string model, string version)
    {
        var came = engine.Tracer.Timestamp;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // The server's own limit knows nothing of tensors; those of the options apply instead.
            limit.MaxRequestBodySize = null;
        }

        // Before a byte of the body is read or a lease is taken.
        if (context.Request.ContentLength > options.MaxRequestBytes)
        {
            var error = RequestErrors.BodyLimit(context.Request.ContentLength.Value, options.MaxRequestBytes);
            await HttpErrorWriter.WriteAsync(context, error, StatusCodes.Status413PayloadTooLarge);
            return;
        }

        if (!engine.TryAcquire(model, version, out var lease, out var refusal))
        {
            await HttpErrorWriter.WriteAsync(context, refusal);
            return;
        }

        if (lease.Model.Config.IsDecoupled)
        {
            lease.Dispose();
            await HttpErrorWriter.WriteAsync(context, RequestErrors.Decoupled(model));
            return;
        }

        var traceParent = TraceParents.Of(context.Request.Headers);
        using var trace = engine.Tracer.Begin(lease.Model, traceParent, TraceActivity.HttpReceiveStart, came);
        using var header = new InferHeader();
        var request = new InferenceRequest(lease) { Trace = trace, TraceParent = traceParent };
        try
        {
            if (await ReadAsync(context, request, header) is { } error)
            {
                request.Dispose();
                await HttpErrorWriter.WriteAsync(context, error);
                return;
            }
        }
        catch (BadHttpRequestException exception)
        {
            request.Dispose();

            // The reader's own 413 says what is wrong; the web server's sentences are for its log.
            var message = exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? exception.Message : "the request body cannot be read: it breaks the rules of HTTP or came too slowly";
            await HttpErrorWriter.WriteAsync(context, exception.StatusCode, message);
            return;
        }
        catch (BackendException exception)
        {
            request.Dispose();
            await HttpErrorWriter.WriteAsync(context, new InferenceError(exception.Code, exception.Message));
            return;
        }
        catch (UnusableBodyException exception)
        {
            request.Dispose();
            await HttpErrorWriter.WriteAsync(context, exception.Error);
            return;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client has gone in the middle of its request: there is nobody to answer.
            request.Dispose();
            return;
        }
        catch
        {
            request.Dispose();
            throw;
        }

        trace?.Record(TraceActivity.HttpReceiveEnd);
        await AnswerAsync(context, request, header);
    }

    private async ValueTask<InferenceError?> ReadAsync(HttpContext context, InferenceRequest request, InferHeader header)
    {
        var encoding = context.Request.Headers.ContentEncoding;
        if (!ContentCodings.TryParse(encoding, out var coding))
        {
            context.Response.Headers.AcceptEncoding = ContentCodings.Supported;
            return RequestErrors.Compression(encoding.ToString());
        }

        var error = coding == ContentCoding.Identity ? null : await InflatedBody.ReplaceAsync(context.Request, options.MaxInputSize, context.RequestAborted);
        error ??= await _reader.ReadAsync(context.Request, request.Lease.Model.Config, header, context.RequestAborted);
        error ??= header.AttachShared(_shared);
        if (error is null)
        {
            header.MoveTo(request);
        }

        return error ?? options.HeaderForwarding?.Forward(context.Request.Headers, request.Parameters);
    }

    private async Task AnswerAsync(HttpContext context, InferenceRequest request, InferHeader header)
    {
        // From here on the request belongs to the engine.
        var outcome = await engine.InferAsync(request, context.RequestAborted);
        request.Trace?.BeginSend(TraceActivity.HttpSendStart, TraceActivity.HttpSendEnd);
        if (!outcome.IsSuccess)
        {
            if (!context.RequestAborted.IsCancellationRequested)
            {
                await HttpErrorWriter.WriteAsync(context, outcome.Error);
            }

            return;
        }

        using var response = outcome.Response;
        try
        {
            if ((Classify(response, header, context.RequestAborted) ?? header.WriteShared(response)) is { } error)
            {
                await HttpErrorWriter.WriteAsync(context, error);
                return;
            }

            await InferResponseWriter.WriteAsync(context, response, header);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; the rest of the response is for nobody.
        }
    }

    private InferenceError? Classify(InferenceResponse response, InferHeader header, CancellationToken cancellationToken)
    {
        foreach (var output in header.Outputs)
        {
            if (output.Classes > 0 && OutputClassifier.Apply(response, new(output.Name, output.Classes), engine.Allocator, cancellationToken) is { } error)
            {
                return error;
            }
        }

        return null;
    }
}
