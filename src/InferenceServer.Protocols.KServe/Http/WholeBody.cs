using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Collects a request body, or what it begins with, in pooled memory and has it read. Nothing longer than the limit is collected.</summary>
internal sealed class WholeBody(ITensorAllocator allocator, int maxBytes)
{
    private readonly BodyCollector _collector = new(allocator);

    /// <summary>Has all of the body read.</summary>
    public ValueTask<InferenceError?> ReadAsync(HttpRequest request, IBodyReader reader, ModelConfig model, InferHeader header) =>
        request.ContentLength is not { } length ? ReadOpenEndedAsync(request, reader, model, header)
        : length > maxBytes ? new(RequestErrors.Limit(reader.SizeName, length, maxBytes))
        : ReadStartAsync(request, (int)length, reader, model, header);

    /// <summary>Has the first bytes of the body read, which are within the limit.</summary>
    public async ValueTask<InferenceError?> ReadStartAsync(HttpRequest request, int length, IBodyReader reader, ModelConfig model, InferHeader header)
    {
        if (length == 0)
        {
            return RequestErrors.EmptyBody(reader.Expected);
        }

        using var collected = await _collector.ReadStartAsync(request.BodyReader, length, header.Room);
        return collected.Length < length ? RequestErrors.HeaderCutShort(length - collected.Length) : reader.Read(collected.Text, model, header);
    }

    private async ValueTask<InferenceError?> ReadOpenEndedAsync(HttpRequest request, IBodyReader reader, ModelConfig model, InferHeader header)
    {
        using var collected = await _collector.ReadAllAsync(request.BodyReader, maxBytes, header.Room);
        return collected.Length > maxBytes ? RequestErrors.OpenEndedLimit(reader.SizeName, maxBytes)
            : collected.Length == 0 ? RequestErrors.EmptyBody(reader.Expected)
            : reader.Read(collected.Text, model, header);
    }
}
