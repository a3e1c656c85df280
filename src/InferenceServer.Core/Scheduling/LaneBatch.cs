using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Scheduling;

/// <summary>The execution that a lane hands to its instance: assembled inputs in, outputs out.</summary>
internal sealed class LaneBatch : ExecutionBatch, IDisposable
{
    private readonly ModelSignature _signature;
    private readonly ITensorAllocator _allocator;
    private readonly TensorView[] _inputs;
    private readonly bool[]? _requested;
    private readonly TensorView[] _outputs;
    private readonly CancellationToken _cancellation;
    private bool _isOver;

    /// <summary>Makes a batch; takes over the counts of <paramref name="inputs"/>.</summary>
    public LaneBatch(ModelSignature signature, ITensorAllocator allocator, TensorView[] inputs, int rows, bool[]? requested, CancellationToken cancellation)
    {
        _signature = signature;
        _allocator = allocator;
        _inputs = inputs;
        _requested = requested;
        _outputs = new TensorView[signature.Outputs.Length];
        _cancellation = cancellation;
        Rows = rows;
    }

    public override ReadOnlySpan<TensorView> Inputs => _inputs;

    public override int Rows { get; }

    public override CancellationToken Cancellation => _cancellation;

    /// <summary>The outputs by their place in the signature; one without a buffer was not given.</summary>
    public ReadOnlySpan<TensorView> Outputs => _outputs;

    public override bool IsRequested(int output) => _requested is null ? output < _outputs.Length : _requested[output];

    public override TensorBuffer AllocateOutput(int output, in TensorShape shape, long byteLength)
    {
        CheckOutput(output, shape, byteLength);
        var buffer = _allocator.Rent(byteLength);
        Keep(output, buffer, shape);
        return buffer;
    }

    public override void AdoptOutput(int output, TensorBuffer buffer, in TensorShape shape)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        try
        {
            CheckOutput(output, shape, buffer.Length);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }

        Keep(output, buffer, shape);
    }

    /// <summary>Releases inputs and outputs; slices that responses have acquired live on.</summary>
    public void Dispose()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        foreach (var input in _inputs)
        {
            input.Dispose();
        }

        foreach (var output in _outputs)
        {
            output.Dispose();
        }
    }

    private void Keep(int output, TensorBuffer buffer, in TensorShape shape)
    {
        // A backend may correct itself: the last output given under a place counts.
        _outputs[output].Dispose();
        var spec = _signature.Outputs[output];
        _outputs[output] = new TensorView(spec.Name, spec.DataType, shape, buffer);
    }

    private void CheckOutput(int output, in TensorShape shape, long byteLength)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)output, (uint)_outputs.Length);
        var spec = _signature.Outputs[output];
        if (!shape.IsFixed)
        {
            throw new BackendException($"the model gave output '{spec.Name}' the shape {shape}, expected one without free dimensions");
        }

        if (spec.DataType != TensorDataType.Bytes && (!shape.TryGetByteCount(spec.DataType, out var expected) || expected != byteLength))
        {
            throw new BackendException($"the model gave output '{spec.Name}' of shape {shape} and type {spec.DataType.ProtocolName()} {byteLength} bytes, expected {expected}");
        }
    }
}
