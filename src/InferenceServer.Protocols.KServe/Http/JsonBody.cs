using System.Buffers;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Memory;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>The whole body of a request of the control plane, in pooled memory that goes back when it is disposed.</summary>
internal sealed class JsonBody : IDisposable
{
    /// <summary>The most bytes of a body that is a handful of names, switches and numbers.</summary>
    public const int MaxSmallBytes = 64 << 10;

    private byte[]? _array;
    private readonly int _length;
    private readonly RequestRoom _room;

    private JsonBody(byte[] array, int length, RequestRoom room)
    {
        _array = array;
        _length = length;
        _room = room;
    }

    /// <summary>The body, which may be empty.</summary>
    public ReadOnlySpan<byte> Text => _array.AsSpan(0, _length);

    /// <summary>Reads a body that may hold files.</summary>
    /// <param name="context">The exchange.</param>
    /// <param name="maxInputSize">The most bytes that it may have, <c>--http-max-input-size</c>; the answer to more is 400, as it is for the JSON of an inference request.</param>
    /// <param name="memory">What a large one takes its room from, before it is read and until it is disposed.</param>
    /// <returns>The body; null when there is none to read, and the client has been told why or has gone.</returns>
    public static ValueTask<JsonBody?> ReadAsync(HttpContext context, int maxInputSize, RequestMemoryGate memory) => ReadAsync(
        context,
        maxInputSize,
        memory,
        static (size, limit) => size is { } known ? RequestErrors.Limit("request JSON size", known, limit) : RequestErrors.OpenEndedLimit("request JSON size", limit),
        StatusCodes.Status400BadRequest);

    /// <summary>Reads a body of at most <see cref="MaxSmallBytes"/> bytes; the answer to more is 413.</summary>
    /// <param name="context">The exchange.</param>
    /// <returns>The body; null when there is none to read, and the client has been told why or has gone.</returns>
    public static ValueTask<JsonBody?> ReadSmallAsync(HttpContext context) =>
        ReadAsync(context, MaxSmallBytes, null, static (size, limit) => RequestErrors.BodyLimit(size, limit), StatusCodes.Status413PayloadTooLarge);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
        {
            ArrayPool<byte>.Shared.Return(array);
            _room.Dispose();
        }
    }

    private static async ValueTask<JsonBody?> ReadAsync(HttpContext context, int limit, RequestMemoryGate? memory, Func<long?, int, InferenceError> tooLong, int status)
    {
        var encoding = context.Request.Headers.ContentEncoding;
        if (!ContentCodings.TryParse(encoding, out var coding) || coding != ContentCoding.Identity)
        {
            await HttpErrorWriter.WriteAsync(context, RequestErrors.Encoding(encoding.ToString()));
            return null;
        }

        if (context.Request.ContentLength is { } size && size > limit)
        {
            await HttpErrorWriter.WriteAsync(context, tooLong(size, limit), status);
            return null;
        }

        BodyReading.LimitChunks(context, limit);
        var body = context.Request.BodyReader;
        RequestRoom? room = new();
        try
        {
            if (memory is not null)
            {
                room.Open(memory, null, context);
            }

            if (await room.GrowToAsync(context.Request.ContentLength ?? 0) is { } refusal)
            {
                await HttpErrorWriter.WriteAsync(context, refusal);
                return null;
            }

            var (array, length) = await BodyReading.ReadAllAsync(body, limit, context.Request.ContentLength is null ? room : null);
            if (length <= limit)
            {
                var whole = new JsonBody(array, length, room);
                room = null;
                return whole;
            }

            ArrayPool<byte>.Shared.Return(array);
        }
        catch (Exception exception)
        {
            if (await ReadingFailures.TryAnswerAsync(context, body, exception))
            {
                return null;
            }

            throw;
        }
        finally
        {
            room?.Dispose();
        }

        await HttpErrorWriter.WriteAsync(context, tooLong(null, limit), status);
        return null;
    }
}
