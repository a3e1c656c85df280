using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Caching;

/// <summary>
/// An answer that is kept: its outputs, which lie in one buffer, and what the backend said beside them. Immutable. It is born with a count of one, the caller's; whoever reads
/// it holds a count of its own, so that it outlives its place in the cache for as long as that takes.
/// </summary>
public sealed class CachedAnswer : IDisposable
{
    /// <summary>About what the objects around the tensors take. Bytes.</summary>
    private const long Overhead = 512;

    private const long OverheadPerPart = 160;

    private readonly TensorView[] _outputs;
    private readonly AnswerBuffer _buffer;

    private CachedAnswer(TensorView[] outputs, AnswerBuffer buffer, IReadOnlyDictionary<string, ParameterValue> parameters)
    {
        _outputs = outputs;
        _buffer = buffer;
        Parameters = parameters;
        Bytes = SizeOf(buffer.Length, outputs.Length, parameters);
    }

    /// <summary>The outputs, without counts of their own.</summary>
    public ReadOnlySpan<TensorView> Outputs => _outputs;

    /// <summary>What the backend said beside the outputs; most often nothing.</summary>
    public IReadOnlyDictionary<string, ParameterValue> Parameters { get; }

    /// <summary>What it takes of a cache. Bytes.</summary>
    public long Bytes { get; }

    /// <summary>What a copy of an answer would take of a cache. Bytes.</summary>
    internal static long Measure(ReadOnlySpan<TensorView> outputs, IReadOnlyDictionary<string, ParameterValue> parameters) => SizeOf(Place(outputs, null), outputs.Length, parameters);

    /// <summary>Copies an answer, so that nothing of its batch or its engine is held on to.</summary>
    /// <returns>Null when there is no memory for it.</returns>
    internal static CachedAnswer? TryCopy(ReadOnlySpan<TensorView> outputs, IReadOnlyDictionary<string, ParameterValue> parameters)
    {
        var offsets = new long[outputs.Length];
        if (AnswerBuffer.TryAllocate(Place(outputs, offsets)) is not { } buffer)
        {
            return null;
        }

        var copies = new TensorView[outputs.Length];
        for (var i = 0; i < copies.Length; i++)
        {
            Copy(outputs[i], buffer, offsets[i]);
            copies[i] = new TensorView(outputs[i].Name, outputs[i].DataType, outputs[i].Shape, buffer, offsets[i], outputs[i].Length);
        }

        return new CachedAnswer(copies, buffer, parameters);
    }

    /// <summary>Puts an answer together of parts that lie in a buffer; takes over the count that the caller holds on it.</summary>
    internal static CachedAnswer Adopt(TensorView[] outputs, AnswerBuffer buffer, IReadOnlyDictionary<string, ParameterValue> parameters) => new(outputs, buffer, parameters);

    /// <summary>Adds a reader. The caller holds a count, or the lock of a cache that does.</summary>
    internal CachedAnswer Acquire()
    {
        _buffer.Acquire();
        return this;
    }

    /// <summary>Takes one reader away; the last one gives the memory back.</summary>
    public void Dispose() => _buffer.Dispose();

    private static long SizeOf(long bytes, int outputs, IReadOnlyDictionary<string, ParameterValue> parameters)
    {
        var size = bytes + Overhead + (outputs * OverheadPerPart);
        foreach (var (name, value) in parameters)
        {
            value.TryGetString(out var text);
            size += OverheadPerPart + (sizeof(char) * ((long)name.Length + text.Length));
        }

        return size;
    }

    /// <summary>Says where the tensors go and how long the buffer is.</summary>
    private static long Place(ReadOnlySpan<TensorView> outputs, long[]? offsets)
    {
        var length = 0L;
        for (var i = 0; i < outputs.Length; i++)
        {
            length = (length + AnswerBuffer.Alignment - 1) / AnswerBuffer.Alignment * AnswerBuffer.Alignment;
            if (offsets is not null)
            {
                offsets[i] = length;
            }

            length += outputs[i].Length;
        }

        return length;
    }

    private static unsafe void Copy(in TensorView from, AnswerBuffer to, long offset) =>
        Buffer.MemoryCopy((void*)from.Pointer, (void*)(to.Pointer + (nint)offset), to.Length - offset, from.Length);
}
