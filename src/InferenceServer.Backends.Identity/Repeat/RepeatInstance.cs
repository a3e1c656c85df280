using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Identity.Repeat;

internal sealed class RepeatInstance : IModelInstance
{
    /// <summary>The longest single delay, in milliseconds: clients choose them, and each holds an instance.</summary>
    public const uint MaxDelay = 60_000;

    private readonly TimeProvider _time;
    private readonly int _value;
    private readonly int _index;
    private readonly int _failAfter;

    public RepeatInstance(ModelSignature signature, TimeProvider time, int failAfter)
    {
        _time = time;
        _failAfter = failAfter;
        _value = DecoupledExample.PlaceOf(signature.Outputs, "OUT");
        _index = DecoupledExample.PlaceOf(signature.Outputs, "IDX");
    }

    public void Execute(ExecutionBatch batch)
    {
        var values = DecoupledExample.Input(batch, "IN");
        var delays = MemoryMarshal.Cast<byte, uint>(DecoupledExample.Input(batch, "DELAY").Span);
        var waits = MemoryMarshal.Cast<byte, uint>(DecoupledExample.Input(batch, "WAIT").Span);
        if (values.Shape[0] != delays.Length || waits.Length != 1)
        {
            batch.SendError(ErrorCode.InvalidArgument, values.Shape[0] != delays.Length
                ? $"expected as many elements in 'DELAY' as in 'IN', got [{delays.Length}] and {values.Shape}"
                : $"expected 1 element in 'WAIT', got [{waits.Length}]");
            return;
        }

        foreach (var delay in (ReadOnlySpan<uint>)[.. delays, waits[0]])
        {
            if (delay > MaxDelay)
            {
                batch.SendError(ErrorCode.InvalidArgument, $"expected milliseconds from 0 to {MaxDelay} in 'DELAY' and 'WAIT', got {delay}");
                return;
            }
        }

        var started = _time.GetTimestamp();
        for (var i = 0; i < delays.Length; i++)
        {
            if (i == _failAfter)
            {
                throw new BackendException($"the model is configured to fail after {i} responses");
            }

            ExecutionDelay.Wait(TimeSpan.FromMilliseconds(delays[i]), _time, batch.Cancellation);
            Send(batch, values, i);
        }

        ExecutionDelay.Wait(TimeSpan.FromMilliseconds(waits[0]) - _time.GetElapsedTime(started), _time, batch.Cancellation);
    }

    public void Dispose()
    {
    }

    private void Send(ExecutionBatch batch, in TensorView values, int i)
    {
        var size = values.DataType.ElementSize();
        values.Span.Slice(i * size, size).CopyTo(batch.AllocateOutput(_value, new TensorShape(1), size).Span);
        MemoryMarshal.Write(batch.AllocateOutput(_index, new TensorShape(1), sizeof(uint)).Span, (uint)i);
        batch.SendResponse();
    }
}
