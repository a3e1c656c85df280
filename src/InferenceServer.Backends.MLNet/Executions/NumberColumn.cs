using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>An input of numbers, truth values or keys, which are read where they are.</summary>
internal sealed class NumberColumn<T>(DataViewType type) : InputColumn<T>(type, default)
    where T : unmanaged
{
    private TensorView _tensor;

    /// <inheritdoc />
    protected override ReadOnlySpan<T> All => MemoryMarshal.Cast<byte, T>(_tensor.Span);

    /// <inheritdoc />
    protected override void Take(in TensorView tensor) => _tensor = tensor;
}
