using System.Buffers;
using System.IO.Pipelines;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Moves bytes from a request body to where they belong, once.</summary>
internal static class BodyReading
{
    /// <summary>Reads until the memory is full or the body ends; returns how many bytes were read.</summary>
    public static async ValueTask<int> FillAsync(PipeReader body, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var filled = 0;
        while (filled < destination.Length)
        {
            var result = await body.ReadAsync(cancellationToken);
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
    public static async ValueTask<long> FillAsync(PipeReader body, TensorBuffer destination, long offset, CancellationToken cancellationToken)
    {
        var filled = offset;
        while (filled < destination.Length)
        {
            var result = await body.ReadAsync(cancellationToken);
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
    public static async ValueTask<bool> IsAtEndAsync(PipeReader body, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var isEmpty = result.Buffer.IsEmpty;
            body.AdvanceTo(result.Buffer.Start);
            if (!isEmpty || result.IsCompleted)
            {
                return isEmpty;
            }
        }
    }

    /// <summary>
    /// Reads a whole body of unknown length into a pooled array, which the caller returns to the shared pool, also after a failure.
    /// </summary>
    /// <returns>The array and its length; a length above <paramref name="limit"/> means that the body is longer than that.</returns>
    public static async ValueTask<(byte[] Array, int Length)> ReadAllAsync(PipeReader body, int limit, CancellationToken cancellationToken)
    {
        var array = ArrayPool<byte>.Shared.Rent(4096);
        var filled = 0;
        try
        {
            while (true)
            {
                // One byte more than allowed is enough to know that there is more.
                var room = (int)Math.Min(array.Length, limit + 1L) - filled;
                var read = await FillAsync(body, array.AsMemory(filled, room), cancellationToken);
                filled += read;
                if (read < room || filled > limit)
                {
                    return (array, filled);
                }

                var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit + 1L, array.Length * 2L));
                array.AsSpan(0, filled).CopyTo(larger);
                (array, larger) = (larger, array);
                ArrayPool<byte>.Shared.Return(larger);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(array);
            throw;
        }
    }

    /// <summary>Asked before the buffer is handed back: its segments are reused after that.</summary>
    private static bool IsOver(in ReadResult result, long taken) => result.IsCompleted && result.Buffer.Length == taken;
}
