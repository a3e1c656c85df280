using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.BackendOverhead.Batches;

/// <summary>An execution that is made once and run many times, so that nothing but the backend is measured.</summary>
internal sealed class MeasuredBatch : ExecutionBatch
{
    private readonly TensorView[] _inputs;
    private readonly bool[] _requested;
    private readonly ReusedBuffer?[] _memory;
    private readonly TensorBuffer?[] _outputs;

    /// <param name="signature">The model's signature.</param>
    /// <param name="name">The one input.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="values">Its values.</param>
    public MeasuredBatch(ModelSignature signature, string name, TensorShape shape, ReadOnlySpan<float> values)
    {
        var input = new ReusedBuffer(values.Length * sizeof(float));
        values.CopyTo(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(input.Span));
        _inputs = [new TensorView(name, TensorDataType.Fp32, shape, input)];
        _requested = [.. signature.Outputs.Select(static output => !output.IsOptional)];
        _memory = new ReusedBuffer?[_requested.Length];
        _outputs = new TensorBuffer?[_requested.Length];
        Rows = (int)shape[0];
    }

    public override ReadOnlySpan<TensorView> Inputs => _inputs;

    public override int Rows { get; }

    public override int RequestCount => 1;

    public override bool IsDecoupled => false;

    public override CancellationToken Cancellation => CancellationToken.None;

    /// <summary>The bytes of an output of the last execution.</summary>
    public ReadOnlySpan<byte> Output(int output) => _outputs[output]!.Span;

    /// <summary>Gives the outputs back, so that it can be run again.</summary>
    public void Release()
    {
        for (var i = 0; i < _outputs.Length; i++)
        {
            _outputs[i]?.Dispose();
            _outputs[i] = null;
        }
    }

    public override ExecutionRequest GetRequest(int request) => new("", 0, Rows, new Dictionary<string, ParameterValue>());

    public override bool IsRequested(int output) => _requested[output];

    public override TensorBuffer AllocateOutput(int output, in TensorShape shape, long byteLength)
    {
        if (_memory[output] is { } memory)
        {
            return _outputs[output] = memory.Rent(byteLength);
        }

        return _outputs[output] = _memory[output] = new ReusedBuffer(byteLength);
    }

    public override void AdoptOutput(int output, TensorBuffer buffer, in TensorShape shape) => _outputs[output] = buffer;

    public override void SetResponseParameter(int request, string name, ParameterValue value) => throw new NotSupportedException();

    public override void SendResponse(bool isFinal = false) => throw new NotSupportedException();

    public override void SendError(Abstractions.Errors.ErrorCode code, string message) => throw new NotSupportedException();

    public override void Reschedule(int request) => throw new NotSupportedException();
}
