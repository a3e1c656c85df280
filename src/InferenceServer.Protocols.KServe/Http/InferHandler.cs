using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Classification;
using InferenceServer.Protocols.KServe.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Answers <c>POST .../infer</c>.</summary>
internal sealed class InferHandler(IInferenceEngine engine, KServeHttpOptions options)
{
    /// <summary>
    /// What the frames of chunks may add to a body: more than 65 536 of them need, which is the most that Triton takes, and more than what
    /// the web server reads ahead, so that a body which is itself too long is told so.
    /// </summary>
    private const int MaxFrameBytes = 4 << 20;

    private readonly InferRequestReader _reader = new(engine.Allocator, options);

    public async Task HandleAsync(HttpContext context, string model, string version)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // The server's own limit knows nothing of tensors; those of the options apply instead. A length that is given is checked below.
            limit.MaxRequestBodySize = context.Request.ContentLength is null ? LongestInChunks(context.Request) : null;
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

        using var header = new InferHeader();
        var request = new InferenceRequest(lease);
        try
        {
            if (await ReadAsync(context, request, header) is { } error)
            {
                request.Dispose();
                await HttpErrorWriter.WriteAsync(context, error, header.Id);
                return;
            }
        }
        catch (BadHttpRequestException exception)
        {
            request.Dispose();

            // The reader's own 413 says what is wrong; the web server's sentences are for its log.
            var message = exception.StatusCode != StatusCodes.Status413PayloadTooLarge ? "the request body cannot be read: it breaks the rules of HTTP or came too slowly"
                : exception.GetType() == typeof(BadHttpRequestException) ? exception.Message
                : $"the request body exceeds the maximum of {context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize} bytes, as it is sent and with the frames of its chunks";
            await HttpErrorWriter.WriteAsync(context, exception.StatusCode, message);
            return;
        }
        catch (BackendException exception)
        {
            request.Dispose();
            await HttpErrorWriter.WriteAsync(context, new InferenceError(exception.Code, exception.Message), header.Id);
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

        await AnswerAsync(context, request, header);
    }

    /// <summary>
    /// The most bytes on the wire of a body that comes in chunks. How many chunks there are cannot be seen here; what they and their
    /// extensions add to the content is bounded by this instead.
    /// </summary>
    private long LongestInChunks(HttpRequest request) =>
        (request.Headers.ContainsKey(InferResponseWriter.HeaderLengthName) ? options.MaxRequestBytes : Math.Min(options.MaxInputSize, options.MaxRequestBytes)) + MaxFrameBytes;

    private async ValueTask<InferenceError?> ReadAsync(HttpContext context, InferenceRequest request, InferHeader header)
    {
        var encoding = context.Request.Headers.ContentEncoding;
        if (!ContentCodings.TryParse(encoding, out var coding))
        {
            context.Response.Headers.AcceptEncoding = ContentCodings.Supported;
            context.Response.ContentType = JsonAnswer.PlainText;
            return RequestErrors.Compression(encoding.ToString());
        }

        var error = coding == ContentCoding.Identity ? null : await InflatedBody.ReplaceAsync(context.Request, options.MaxInputSize, context.RequestAborted);
        error ??= await _reader.ReadAsync(context.Request, request.Lease.Model.Config, header, context.RequestAborted);
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
        if (!outcome.IsSuccess)
        {
            if (!context.RequestAborted.IsCancellationRequested)
            {
                await HttpErrorWriter.WriteAsync(context, outcome.Error, header.Id);
            }

            return;
        }

        using var response = outcome.Response;
        try
        {
            if (Classify(response, header, context.RequestAborted) is { } error)
            {
                await HttpErrorWriter.WriteAsync(context, error, header.Id);
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
