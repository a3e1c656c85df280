using System.IO.Pipelines;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Memory;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Collects bodies that are to be read in one piece. Large ones that have their room are collected in tensor memory: what lies unused of that is bounded for the whole process, while the shared pool of arrays keeps one of each size for
/// each thread, where it is out of reach for the garbage collector.
/// </summary>
/// <param name="allocator">Where the memory for large ones comes from.</param>
internal sealed class BodyCollector(ITensorAllocator allocator)
{
    /// <summary>Reads as many bytes as a body is said to begin with, which has its room; there are fewer when it ends before that.</summary>
    /// <exception cref="BackendException">There is no memory for it.</exception>
    public async ValueTask<CollectedBody> ReadStartAsync(PipeReader body, int length)
    {
        var buffer = allocator.Rent(length);
        try
        {
            return new CollectedBody(null, buffer, (int)await BodyReading.FillAsync(body, buffer, 0));
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Reads a whole body of unknown length, which takes its room as it grows.</summary>
    /// <returns>The body; a length above <paramref name="limit"/> means that it is longer than that.</returns>
    /// <exception cref="BackendException">There is no memory for it.</exception>
    /// <exception cref="UnusableBodyException">There was no room for it in time.</exception>
    public async ValueTask<CollectedBody> ReadAllAsync(PipeReader body, int limit, RequestRoom room)
    {
        const int Small = RequestMemoryGate.SmallestBytes - 1;
        var (array, filled) = await BodyReading.ReadAllAsync(body, Math.Min(limit, Small));
        if (filled <= Small || filled > limit)
        {
            return new CollectedBody(array, null, filled);
        }

        var collected = new CollectedBody(array, null, filled);
        try
        {
            while (true)
            {
                // One byte more than allowed is enough to know that there is more.
                var capacity = Math.Min(limit + 1L, filled * 2L);
                if (await room.GrowToAsync(capacity) is { } refusal)
                {
                    throw new UnusableBodyException(refusal);
                }

                var larger = new CollectedBody(null, allocator.Rent(capacity), filled);
                collected.Text.CopyTo(larger.Buffer!.Span);
                collected.Dispose();
                collected = larger;
                filled += (int)await BodyReading.FillAsync(body, larger.Buffer, filled);
                if (filled < capacity || filled > limit)
                {
                    return larger with { Length = filled };
                }

                collected = larger with { Length = filled };
            }
        }
        catch
        {
            collected.Dispose();
            throw;
        }
    }
}
