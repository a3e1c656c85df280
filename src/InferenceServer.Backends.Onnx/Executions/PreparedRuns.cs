using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>
/// The prepared runs of one instance: one for each number of rows, of the shapes that come again and again. Not thread safe, as the instance is not.
/// </summary>
/// <param name="session">What they run on.</param>
/// <param name="signature">What that takes and gives.</param>
internal sealed class PreparedRuns(InferenceSession session, SessionSignature signature) : IDisposable
{
    private const int MaxRows = 64;

    /// <summary>What all of them may hold, in bytes: an instance has them for as long as it lives.</summary>
    private const long MaxBytes = 256 << 10;

    /// <summary>So many executions of other shapes in a row take a run's place.</summary>
    private const int Patience = 32;

    private readonly Slot[] _slots = new Slot[MaxRows + 1];
    private long _bytes;
    private bool _isOff = !CanPrepare(signature);

    /// <summary>How many there are.</summary>
    public int Count => _slots.Count(static slot => slot.Run is not null);

    /// <summary>The run for these inputs; null when there is none.</summary>
    public PreparedRun? Find(int rows, ReadOnlySpan<TensorView> inputs)
    {
        if (_isOff || rows > MaxRows || _slots[rows].Run is not { } run)
        {
            return null;
        }

        ref var slot = ref _slots[rows];
        if (run.Fits(inputs))
        {
            slot.Misses = 0;
            return run;
        }

        if (++slot.Misses > Patience)
        {
            Drop(ref slot);
        }

        return null;
    }

    /// <summary>True when it is worth telling <see cref="Learn"/> of an execution of so many rows.</summary>
    public bool WantsToLearn(int rows) => !_isOff && rows <= MaxRows && _slots[rows].Run is null;

    /// <summary>An execution was run without: the second of the same shapes in a row has a run prepared.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="outputs">The shapes of its outputs, in the order of the signature.</param>
    public void Learn(int rows, ReadOnlySpan<TensorView> inputs, ReadOnlySpan<TensorShape> outputs)
    {
        ref var slot = ref _slots[rows];
        var seen = slot.Seen;
        slot.Seen = ShapeSet.Of(signature.Tensors, inputs, outputs);
        if (slot.Seen is null || seen?.Matches(slot.Seen) != true)
        {
            return;
        }

        var bytes = slot.Seen.MeasureBytes(1);
        if (_bytes + bytes > MaxBytes)
        {
            return;
        }

        try
        {
            slot.Run = new PreparedRun(session, signature.Tensors, slot.Seen);
            slot.Bytes = bytes;
            _bytes += bytes;
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or OutOfMemoryException)
        {
            // Nobody needs it: executions go on without.
            Forbid();
        }
    }

    /// <summary>A prepared run did not do what runs do without: there are none from now on.</summary>
    public void Forbid()
    {
        _isOff = true;
        Dispose();
    }

    public void Dispose()
    {
        foreach (ref var slot in _slots.AsSpan())
        {
            Drop(ref slot);
        }
    }

    private static bool CanPrepare(SessionSignature signature) =>
        signature.Outputs.Length == signature.Tensors.Outputs.Length
        && signature.Outputs.All(static output => output.Form == OutputForm.Tensor)
        && signature.Tensors.Outputs.All(static output => output.DataType != TensorDataType.Bytes)
        && signature.Tensors.Inputs.All(static input => input.DataType != TensorDataType.Bytes);

    private void Drop(ref Slot slot)
    {
        slot.Run?.Dispose();
        _bytes -= slot.Bytes;
        slot = default;
    }

    private struct Slot
    {
        public ShapeSet? Seen;
        public PreparedRun? Run;
        public long Bytes;
        public int Misses;
    }
}
