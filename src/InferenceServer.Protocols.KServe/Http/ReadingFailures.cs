using System.IO.Pipelines;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Answers a request whose reading ended in an exception that is no fault of the server.</summary>
internal static class ReadingFailures
{
    /// <param name="context">The exchange.</param>
    /// <param name="body">The body as it came, whoever has read from it.</param>
    /// <param name="failure">What the reading ended in.</param>
    /// <param name="requestId">What the client calls its request, as far as it has been read; empty when that is not known.</param>
    /// <returns>False when it is a fault of the server, which is the caller's to pass on.</returns>
    public static async ValueTask<bool> TryAnswerAsync(HttpContext context, PipeReader body, Exception failure, string requestId = "")
    {
        if (failure is not (IOException or OperationCanceledException))
        {
            BodyReading.Release(body);
        }

        switch (failure)
        {
            case BadHttpRequestException bad:
                // The reader's own 413 says what is wrong; the web server's sentences are for its log.
                var message = bad.StatusCode != StatusCodes.Status413PayloadTooLarge ? "the request body cannot be read: it breaks the rules of HTTP or came too slowly"
                    : bad.GetType() == typeof(BadHttpRequestException) ? bad.Message
                    : $"the request body exceeds the maximum of {context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize} bytes, as it is sent and with the frames of its chunks";
                await HttpErrorWriter.WriteAsync(context, bad.StatusCode, message);
                return true;
            case BackendException backend:
                await HttpErrorWriter.WriteAsync(context, new InferenceError(backend.Code, backend.Message), requestId);
                return true;
            case UnusableBodyException unusable:
                await HttpErrorWriter.WriteAsync(context, unusable.Error, requestId);
                return true;
            case OutOfMemoryException:
                await HttpErrorWriter.WriteAsync(context, new InferenceError(ErrorCode.ResourceExhausted, "the server has no memory for the request body now"), requestId);
                return true;
            case IOException or OperationCanceledException:
                // The client has gone in the middle of its request: there is nobody to answer. The web server may not have heard of it yet, and would go on to read the rest.
                context.Abort();
                return true;
            default:
                return false;
        }
    }
}
