using System.Buffers;
using System.IO.Pipelines;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Memory;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Moves bytes from a request body to where they belong, once. No read takes a token: that the client has gone is told by the body, which ends or fails,
/// and a read that is given up instead leaves the web server in the middle of it.
/// </summary>
internal static class BodyReading
{
    /// <summary>Reads until the memory is full or the body ends; returns how many bytes were read.</summary>
    public static async ValueTask<int> FillAsync(PipeReader body, Memory<byte> destination)
    {
        var filled = 0;
        while (filled < destination.Length)
        {
            var result = await body.ReadAsync();
            var taken = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, destination.Length - filled));
            taken.CopyTo(destination.Span[filled..]);
            filled += (int)taken.Length;
            var isOver = IsOver(result, taken.Length);
            body.AdvanceTo(taken.End);
            if (isOver)
            {
                break;
            }
        }

        return filled;
    }

    /// <summary>Reads until the tensor is full or the body ends; returns how many bytes were read.</summary>
    public static async ValueTask<long> FillAsync(PipeReader body, TensorBuffer destination, long offset)
    {
        var filled = offset;
        while (filled < destination.Length)
        {
            var result = await body.ReadAsync();
            var taken = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, destination.Length - filled));
            foreach (var segment in taken)
            {
                segment.Span.CopyTo(destination.Slice(filled, segment.Length));
                filled += segment.Length;
            }

            var isOver = IsOver(result, taken.Length);
            body.AdvanceTo(taken.End);
            if (isOver)
            {
                break;
            }
        }

        return filled - offset;
    }

    /// <summary>True when no byte is left. Waits for the next one where the body's length is not known.</summary>
    public static async ValueTask<bool> IsAtEndAsync(PipeReader body)
    {
        while (true)
        {
            var result = await body.ReadAsync();
            var isEmpty = result.Buffer.IsEmpty;
            body.AdvanceTo(result.Buffer.Start);
            if (!isEmpty || result.IsCompleted)
            {
                return isEmpty;
            }
        }
    }

    /// <summary>
    /// What the frames of chunks may add to a body: more than 65 536 of them need, which is the most that Triton takes, and more than what
    /// the web server reads ahead, so that a body which is itself too long is told so.
    /// </summary>
    public const int MaxFrameBytes = 4 << 20;

    /// <summary>How much is rented before any of it has come: what a client says is coming costs it nothing.</summary>
    private const int FirstPiece = 256 << 10;

    /// <summary>
    /// Sets how much may come on the wire, in place of the web server's own limit, which knows nothing of tensors. How many chunks there are cannot be
    /// seen; what they and their extensions add to the content is bounded by this instead.
    /// </summary>
    /// <param name="context">The exchange, whose body has not been touched.</param>
    /// <param name="limit">The most bytes of content that the reader takes; a length that is given is the caller's to check.</param>
    public static void LimitChunks(HttpContext context, long limit)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = context.Request.ContentLength is null ? Math.Min(limit, long.MaxValue - MaxFrameBytes) + MaxFrameBytes : null;
        }
    }

    /// <summary>
    /// Reads as many bytes as a body is said to begin with into a pooled array, which the caller returns to the shared pool, also after a
    /// failure. The array grows with what has come.
    /// </summary>
    /// <returns>The array and how many bytes there were.</returns>
    public static async ValueTask<(byte[] Array, int Length)> ReadStartAsync(PipeReader body, int length)
    {
        var array = ArrayPool<byte>.Shared.Rent(Math.Min(length, FirstPiece));
        var filled = 0;
        try
        {
            while (true)
            {
                var room = Math.Min(array.Length, length) - filled;
                var read = await FillAsync(body, array.AsMemory(filled, room));
                filled += read;
                if (read < room || filled == length)
                {
                    return (array, filled);
                }

                array = Grow(array, filled, length);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(array);
            throw;
        }
    }

    /// <summary>
    /// Reads a whole body of unknown length into a pooled array, which the caller returns to the shared pool, also after a failure.
    /// </summary>
    /// <param name="body">The body.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="growing">What it takes its room from as it grows; null where there is no need.</param>
    /// <returns>The array and its length; a length above <paramref name="limit"/> means that the body is longer than that.</returns>
    /// <exception cref="UnusableBodyException">There was no room for it in time.</exception>
    public static async ValueTask<(byte[] Array, int Length)> ReadAllAsync(PipeReader body, int limit, RequestRoom? growing = null)
    {
        var array = ArrayPool<byte>.Shared.Rent(4096);
        var filled = 0;
        try
        {
            while (true)
            {
                // One byte more than allowed is enough to know that there is more.
                var room = (int)Math.Min(array.Length, limit + 1L) - filled;
                var read = await FillAsync(body, array.AsMemory(filled, room));
                filled += read;
                if (read < room || filled > limit)
                {
                    return (array, filled);
                }

                if (growing is not null && await growing.GrowToAsync(Math.Min(limit + 1L, array.Length * 2L)) is { } refusal)
                {
                    throw new UnusableBodyException(refusal);
                }

                array = Grow(array, filled, limit + 1L);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(array);
            throw;
        }
    }

    /// <summary>
    /// Takes what has come of a body that is read no further. A body that has come whole and is read in part keeps the web server's connection in the
    /// middle of a read, and where the client has gone nobody else ends that: the server then stumbles over it and warns.
    /// </summary>
    public static void Release(PipeReader body)
    {
        try
        {
            // Once is enough: what has not come whole by now is the web server's to drain.
            if (body.TryRead(out var result))
            {
                body.AdvanceTo(result.Buffer.End);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The body broke off, or is too long: there is no read to be in the middle of.
        }
    }

    private static byte[] Grow(byte[] array, int filled, long most)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(most, array.Length * 2L));
        array.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(array);
        return larger;
    }

    /// <summary>Asked before the buffer is handed back: its segments are reused after that.</summary>
    private static bool IsOver(in ReadResult result, long taken) => result.IsCompleted && result.Buffer.Length == taken;
}
