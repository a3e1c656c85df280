using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using InferenceServer.Core.Inference;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Sends an inference response: its JSON, then the bytes of the outputs that were wanted as bytes.</summary>
internal static class InferResponseWriter
{
    public const string HeaderLengthName = "Inference-Header-Content-Length";

    /// <summary>How much is copied between two flushes, so that a slow client does not make the server hold a second copy of a large output.</summary>
    private const int Step = 128 << 10;

    /// <summary>Writes the response, which stays the caller's.</summary>
    public static async Task WriteAsync(HttpContext context, InferenceResponse response, InferHeader header)
    {
        using var text = new PooledText();
        var binary = InferResponseText.Write(text, response.Id, response.ModelName, response.ModelVersion, response.Parameters, response.Outputs, header);
        context.Response.ContentLength = text.Length + binary;
        if (binary == 0)
        {
            context.Response.ContentType = JsonAnswer.ContentType;
        }
        else
        {
            context.Response.ContentType = "application/octet-stream";
            context.Response.Headers[HeaderLengthName] = text.Length.ToString(CultureInfo.InvariantCulture);
        }

        // What is small leaves in one piece: the only flush is then the last one.
        var pipe = context.Response.BodyWriter;
        await text.CopyToAsync(pipe, context.RequestAborted);
        if (binary > 0)
        {
            await CopyAsync(pipe, response, header, context.RequestAborted);
        }

        await pipe.FlushAsync(context.RequestAborted);
    }

    private static async ValueTask CopyAsync(PipeWriter pipe, InferenceResponse response, InferHeader header, CancellationToken cancellationToken)
    {
        var unflushed = 0L;
        for (var i = 0; i < response.Outputs.Length; i++)
        {
            var tensor = response.Outputs[i];
            for (var offset = 0L; header.IsBinary(i, tensor.Name) && offset < tensor.Length;)
            {
                var length = (int)Math.Min(Step, tensor.Length - offset);
                pipe.Write(tensor.Buffer.Slice(tensor.Offset + offset, length));
                offset += length;
                unflushed += length;
                if (unflushed >= Step)
                {
                    unflushed = 0;
                    var result = await pipe.FlushAsync(cancellationToken);
                    if (result.IsCompleted)
                    {
                        // Nobody reads any more.
                        return;
                    }
                }
            }
        }
    }
}
