using Microsoft.AspNetCore.Http;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>Reads a request to its end and writes recorded bytes: all that a server on Kestrel cannot avoid.</summary>
internal sealed class EchoHttpHandler(Recording recording)
{
    private readonly PreparedAnswer? _metadata = PreparedAnswer.From(recording.Metadata);
    private readonly PreparedAnswer? _json = PreparedAnswer.From(recording.Json);
    private readonly PreparedAnswer? _binary = PreparedAnswer.From(recording.Binary);

    public async Task HandleAsync(HttpContext context)
    {
        await ReadToEndAsync(context);
        var answer = HttpMethods.IsGet(context.Request.Method)
            ? _metadata
            : context.Request.Headers.ContainsKey("Inference-Header-Content-Length") ? _binary : _json;
        if (answer is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.ContentLength = 0;
            return;
        }

        answer.WriteHead(context.Response);
        await context.Response.BodyWriter.WriteAsync(answer.Body, context.RequestAborted);
    }

    private static async ValueTask ReadToEndAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted);
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }
}
