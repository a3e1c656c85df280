using System.Buffers;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Generate;

/// <summary>
/// Sends responses as server-sent events (WHATWG HTML, section 9.2), each flushed by itself. Sending waits for a client that reads slowly,
/// so that at most one response is held here.
/// </summary>
internal sealed class EventStream(HttpContext context)
{
    public const string ContentType = "text/event-stream; charset=utf-8";

    /// <summary>Sends one response, which stays the caller's.</summary>
    /// <returns>False when nobody reads any more.</returns>
    public async ValueTask<bool> SendAsync(InferenceResponse response)
    {
        Begin(StatusCodes.Status200OK);
        using var text = new PooledText();
        text.Write("data: "u8);
        GenerateResponseText.Write(text, response);
        return await SendAsync(text);
    }

    /// <summary>
    /// Sends the error that a running request ended with. It is an event too, and where it is the first one the status says what happened.
    /// </summary>
    public async ValueTask SendAsync(InferenceError error)
    {
        if (!context.Response.HasStarted)
        {
            var status = HttpErrorMapping.ToStatus(error);
            HttpErrorWriter.AddRetryAfter(context, error, status);
            Begin(status);
        }

        using var text = new PooledText();
        text.Write("data: "u8);
        HttpErrorWriter.WriteObject(text, error);
        await SendAsync(text);
    }

    /// <summary>Says what kind of answer this is, also where no event follows.</summary>
    public void Begin(int status)
    {
        if (context.Response.HasStarted)
        {
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = ContentType;
        context.Response.Headers.CacheControl = "no-cache";
    }

    private async ValueTask<bool> SendAsync(PooledText text)
    {
        // JSON has no line break outside of its strings' escapes: the event is one line.
        text.Write("\n\n"u8);
        await text.CopyToAsync(context.Response.BodyWriter, context.RequestAborted);
        var result = await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return !result.IsCompleted;
    }
}
