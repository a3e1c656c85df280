using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Sends a JSON text whole, with its length.</summary>
internal static class JsonAnswer
{
    public const string ContentType = "application/json";

    /// <summary>
    /// The type under which some few refusals say that they are JSON in text. Whoever writes such an error sets it on the response first.
    /// </summary>
    public const string PlainText = "text/plain";

    public static async Task SendAsync(HttpContext context, int status, PooledText text, string contentType = ContentType)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = text.Length;
        await text.CopyToAsync(context.Response.BodyWriter, context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
