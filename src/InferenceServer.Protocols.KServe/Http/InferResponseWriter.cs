using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.IO.Pipelines;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Payloads;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Sends an inference response: its JSON, then the bytes of the outputs that were wanted as bytes.</summary>
internal static class InferResponseWriter
{
    public const string HeaderLengthName = "Inference-Header-Content-Length";

    /// <summary>How much is copied between two flushes, so that a slow client does not make the server hold a second copy of a large output.</summary>
    private const int Step = 128 << 10;

    /// <summary>Writes the response, which stays the caller's.</summary>
    /// <param name="context">The exchange.</param>
    /// <param name="response">The response.</param>
    /// <param name="header">What the request said of the answer.</param>
    /// <param name="allocator">Where the memory of a large text comes from.</param>
    /// <returns>False when nobody reads any more.</returns>
    /// <exception cref="BackendException">There is no memory for the text. Nothing has been sent.</exception>
    public static async Task<bool> WriteAsync(HttpContext context, InferenceResponse response, InferHeader header, ITensorAllocator allocator)
    {
        using var text = PooledText.Rent(allocator);
        var binary = header.SendsNpy
            ? NpyAnswer.Write(text, response.Outputs[0])
            : InferResponseText.Write(text, response.Id, response.ModelName, response.ModelVersion, response.Parameters, response.Outputs, header);
        if (header.SendsNpy)
        {
            context.Response.ContentType = NpyAnswer.ContentType;
        }
        else if (binary == 0)
        {
            context.Response.ContentType = JsonAnswer.ContentType;
        }
        else
        {
            context.Response.ContentType = "application/octet-stream";
            context.Response.Headers[HeaderLengthName] = text.Length.ToString(CultureInfo.InvariantCulture);
        }

        var coding = ContentCodings.Choose(context.Request.Headers.AcceptEncoding);
        if (coding == ContentCoding.Identity)
        {
            context.Response.ContentLength = text.Length + binary;
            return await CopyAsync(context.Response.BodyWriter, text, binary, response, header, context.RequestAborted);
        }

        // How long it will be shows when it has been sent: it leaves in chunks.
        context.Response.Headers.ContentEncoding = ContentCodings.NameOf(coding);
        await using var compressing = ContentCodings.Compress(coding, context.Response.Body, CompressionLevel.Fastest);
        var pipe = PipeWriter.Create(compressing, new StreamPipeWriterOptions(leaveOpen: true));
        try
        {
            return await CopyAsync(pipe, text, binary, response, header, context.RequestAborted);
        }
        finally
        {
            // Also when the client has gone: the pipe has rented memory.
            await pipe.CompleteAsync();
        }
    }

    private static async ValueTask<bool> CopyAsync(PipeWriter pipe, PooledText text, long binary, InferenceResponse response, InferHeader header, CancellationToken cancellationToken)
    {
        // What is small leaves in one piece: the only flush is then the last one.
        await text.CopyToAsync(pipe, cancellationToken);
        if (binary > 0)
        {
            await CopyAsync(pipe, response, header, cancellationToken);
        }

        var result = await pipe.FlushAsync(cancellationToken);
        return !result.IsCompleted;
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
