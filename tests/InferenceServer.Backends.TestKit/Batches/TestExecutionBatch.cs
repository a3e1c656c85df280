using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Memory;
using Xunit;

namespace InferenceServer.Backends.TestKit.Batches;

/// <summary>
/// One execution as a server would make it, which also holds the backend to the contract: no output that nobody asked for, none
/// twice, lengths that fit the shapes.
/// </summary>
public sealed class TestExecutionBatch : ExecutionBatch, IDisposable
{
    private readonly ModelSignature _signature;
    private readonly NativeTensorAllocator _allocator;
    private readonly TensorView[] _inputs;
    private readonly bool[] _requested;
    private readonly TensorView?[] _outputs;
    private readonly List<TestResponse> _responses = [];
    private readonly Dictionary<string, ParameterValue> _responseParameters = [];

    /// <param name="signature">The model's signature.</param>
    /// <param name="allocator">Where inputs and outputs get their memory.</param>
    /// <param name="inputs">The inputs in the signature's order.</param>
    /// <param name="requested">The names of the outputs that are wanted; null for all.</param>
    /// <param name="offset">Where in its buffer each input begins; anything but 0 makes it a slice, odd numbers a misaligned one.</param>
    /// <param name="cancellation">Passed on to the backend.</param>
    public TestExecutionBatch(
        ModelSignature signature,
        NativeTensorAllocator allocator,
        IReadOnlyCollection<TestTensor> inputs,
        IReadOnlyCollection<string>? requested = null,
        int offset = 0,
        CancellationToken cancellation = default)
    {
        _signature = signature;
        _allocator = allocator;
        _inputs = [.. inputs.Select(tensor => Place(tensor, offset))];
        _requested = [.. signature.Outputs.Select(output => requested?.Contains(output.Name) ?? true)];
        _outputs = new TensorView?[signature.Outputs.Length];
        Rows = _inputs is [var first, ..] && first.Shape.Rank > 0 ? (int)first.Shape[0] : 1;
        Cancellation = cancellation;
    }

    /// <summary>What a decoupled model has sent so far.</summary>
    public IReadOnlyList<TestResponse> Responses => _responses;

    /// <summary>The error that a decoupled model has sent.</summary>
    public (ErrorCode Code, string Message)? Error { get; private set; }

    /// <summary>The parameters given for the next response.</summary>
    public IReadOnlyDictionary<string, ParameterValue> ResponseParameters => _responseParameters;

    /// <summary>Makes the execution that of a decoupled model.</summary>
    public bool AllowsResponses { get; init; }

    /// <summary>Has the execution ask for the calling thread alone.</summary>
    public bool AsksForOneThread { get; init; }

    public override bool UsesOneThread => AsksForOneThread;

    /// <summary>The variants that the request chooses.</summary>
    public string? ChosenVariant { get; init; }

    public override string? Variant => ChosenVariant;

    /// <summary>The parameters of the request.</summary>
    public IReadOnlyDictionary<string, ParameterValue> RequestParameters { get; init; } = new Dictionary<string, ParameterValue>();

    /// <summary>Called after each response, with the number of responses so far.</summary>
    public Action<int>? OnResponse { get; init; }

    public override int RequestCount => 1;

    public override bool IsDecoupled => AllowsResponses;

    public override ReadOnlySpan<TensorView> Inputs => _inputs;

    public override int Rows { get; }

    public override CancellationToken Cancellation { get; }

    public override ExecutionRequest GetRequest(int request)
    {
        Assert.Equal(0, request);
        return new ExecutionRequest("test", 0, Rows, RequestParameters);
    }

    public override void SetResponseParameter(int request, string name, ParameterValue value)
    {
        Assert.Equal(0, request);
        _responseParameters[name] = value;
    }

    public override void SendResponse(bool isFinal = false)
    {
        AssertMaySend();
        var outputs = _outputs.Where(static output => output is not null).Select(static output => output!.Value)
            .Select(static output => new TestTensor(output.Name, output.DataType, output.Shape, output.Span.ToArray()));
        _responses.Add(new TestResponse([.. outputs], new Dictionary<string, ParameterValue>(_responseParameters), isFinal));
        _responseParameters.Clear();
        ReleaseOutputs();
        OnResponse?.Invoke(_responses.Count);
    }

    public override void SendError(ErrorCode code, string message)
    {
        AssertMaySend();
        Error = (code, message);
    }

    public override bool IsRequested(int output) => _requested[output];

    public override TensorBuffer AllocateOutput(int output, in TensorShape shape, long byteLength)
    {
        var buffer = _allocator.Rent(byteLength);
        Take(output, buffer, shape);
        return buffer;
    }

    public override void AdoptOutput(int output, TensorBuffer buffer, in TensorShape shape) => Take(output, buffer, shape);

    /// <summary>True when the output was given.</summary>
    public bool HasOutput(string name) => _outputs[IndexOf(name)] is not null;

    /// <summary>True when the output lies in the memory of an input.</summary>
    public bool SharesMemoryWithInputs(string name)
    {
        var output = _outputs[IndexOf(name)]!.Value;
        return _inputs.Any(input => output.Pointer < input.Buffer.Pointer + input.Buffer.Length && input.Buffer.Pointer < output.Pointer + output.Length);
    }

    /// <summary>A copy of one output.</summary>
    public TestTensor Output(string name)
    {
        var view = _outputs[IndexOf(name)];
        Assert.True(view.HasValue, $"output '{name}' was not given");
        return new TestTensor(view.Value.Name, view.Value.DataType, view.Value.Shape, view.Value.Span.ToArray());
    }

    /// <summary>Gives back the inputs and checks that the outputs do not depend on them; then outputs can still be read.</summary>
    public void ReleaseInputs()
    {
        foreach (ref var input in _inputs.AsSpan())
        {
            input.Dispose();
            input = default;
        }
    }

    /// <summary>The requests that were to have another execution.</summary>
    public List<int> Rescheduled { get; } = [];

    public override void Reschedule(int request) => Rescheduled.Add(request);

    public void Dispose()
    {
        ReleaseInputs();
        ReleaseOutputs();
    }

    private void AssertMaySend()
    {
        Assert.True(AllowsResponses, "a model that is not decoupled sends a response of its own");
        Assert.Null(Error);
        Assert.False(_responses is [.., { IsFinal: true }], "a response follows the final one");
    }

    private void ReleaseOutputs()
    {
        foreach (ref var output in _outputs.AsSpan())
        {
            output?.Dispose();
            output = null;
        }
    }

    private TensorView Place(TestTensor tensor, int offset)
    {
        var buffer = _allocator.Rent(tensor.Data.Length + offset);
        var view = new TensorView(tensor.Name, tensor.DataType, tensor.Shape, buffer, offset, tensor.Data.Length);
        tensor.Data.Span.CopyTo(view.Span);
        return view;
    }

    private void Take(int output, TensorBuffer buffer, in TensorShape shape)
    {
        var spec = _signature.Outputs[output];
        Assert.True(_requested[output], $"output '{spec.Name}' was given but not requested");
        Assert.False(_outputs[output].HasValue, $"output '{spec.Name}' was given twice");
        Assert.True(shape.IsFixed, $"output '{spec.Name}' has the shape {shape}");
        if (spec.DataType != TensorDataType.Bytes)
        {
            Assert.True(shape.TryGetByteCount(spec.DataType, out var bytes));
            Assert.Equal(bytes, buffer.Length);
        }

        _outputs[output] = new TensorView(spec.Name, spec.DataType, shape, buffer);
    }

    private int IndexOf(string name)
    {
        for (var i = 0; i < _signature.Outputs.Length; i++)
        {
            if (_signature.Outputs[i].Name == name)
            {
                return i;
            }
        }

        throw new ArgumentException($"the model has no output '{name}'", nameof(name));
    }
}
