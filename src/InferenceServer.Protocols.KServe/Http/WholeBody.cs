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
    public ValueTask<InferenceError?> ReadStartAsync(HttpRequest request, int length, IBodyReader reader, ModelConfig model, InferHeader header) =>
        length == 0 ? new(RequestErrors.EmptyBody(reader.Expected))
        : header.Room.Bytes < length ? ReadSmallAsync(request, length, reader, model, header)
        : ReadLargeAsync(request, length, reader, model, header);

    /// <summary>As nearly all are.</summary>
    private static async ValueTask<InferenceError?> ReadSmallAsync(HttpRequest request, int length, IBodyReader reader, ModelConfig model, InferHeader header)
    {
        var (array, read) = await BodyReading.ReadStartAsync(request.BodyReader, length);
        return Read(new CollectedBody(array, null, read), length, reader, model, header);
    }

    private async ValueTask<InferenceError?> ReadLargeAsync(HttpRequest request, int length, IBodyReader reader, ModelConfig model, InferHeader header) =>
        Read(await _collector.ReadStartAsync(request.BodyReader, length), length, reader, model, header);

    private static InferenceError? Read(CollectedBody collected, int length, IBodyReader reader, ModelConfig model, InferHeader header)
    {
        using (collected)
        {
            return collected.Length < length ? RequestErrors.HeaderCutShort(length - collected.Length) : reader.Read(collected.Text, model, header);
        }
    }

    private async ValueTask<InferenceError?> ReadOpenEndedAsync(HttpRequest request, IBodyReader reader, ModelConfig model, InferHeader header)
    {
        using var collected = await _collector.ReadAllAsync(request.BodyReader, maxBytes, header.Room);
        return collected.Length > maxBytes ? RequestErrors.OpenEndedLimit(reader.SizeName, maxBytes)
            : collected.Length == 0 ? RequestErrors.EmptyBody(reader.Expected)
            : reader.Read(collected.Text, model, header);
    }
}
