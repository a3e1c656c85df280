using System.Buffers;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Collects a request body, or what it begins with, in pooled memory and has it read. Nothing longer than the limit is collected.</summary>
internal sealed class WholeBody(int maxBytes)
{
    /// <summary>Has all of the body read.</summary>
    public ValueTask<InferenceError?> ReadAsync(HttpRequest request, IBodyReader reader, ModelConfig model, InferHeader header) =>
        request.ContentLength is not { } length ? ReadOpenEndedAsync(request, reader, model, header)
        : length > maxBytes ? new(RequestErrors.Limit(reader.SizeName, length, maxBytes))
        : ReadStartAsync(request, (int)length, reader, model, header);

    /// <summary>Has the first bytes of the body read, which are within the limit.</summary>
    public static async ValueTask<InferenceError?> ReadStartAsync(HttpRequest request, int length, IBodyReader reader, ModelConfig model, InferHeader header)
    {
        if (length == 0)
        {
            return RequestErrors.EmptyBody(reader.Expected);
        }

        var (bytes, read) = await BodyReading.ReadStartAsync(request.BodyReader, length);
        try
        {
            return read < length ? RequestErrors.HeaderCutShort(length - read) : reader.Read(bytes.AsSpan(0, length), model, header);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private async ValueTask<InferenceError?> ReadOpenEndedAsync(HttpRequest request, IBodyReader reader, ModelConfig model, InferHeader header)
    {
        var (bytes, length) = await BodyReading.ReadAllAsync(request.BodyReader, maxBytes);
        try
        {
            return length > maxBytes ? RequestErrors.OpenEndedLimit(reader.SizeName, maxBytes)
                : length == 0 ? RequestErrors.EmptyBody(reader.Expected)
                : reader.Read(bytes.AsSpan(0, length), model, header);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
