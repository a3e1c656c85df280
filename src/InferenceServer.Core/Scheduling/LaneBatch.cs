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
    private readonly PendingInference[] _members;
    private readonly DecoupledSender? _sender;
    private Dictionary<string, ParameterValue>?[]? _responseParameters;
    private bool _isOver;

    /// <summary>Makes a batch; takes over the counts of <paramref name="inputs"/>.</summary>
    public LaneBatch(ModelSignature signature, ITensorAllocator allocator, TensorView[] inputs, int rows, bool[]? requested, PendingInference[] members, DecoupledSender? sender)
    {
        _signature = signature;
        _allocator = allocator;
        _inputs = inputs;
        _requested = requested;
        _outputs = new TensorView[signature.Outputs.Length];
        _members = members;
        _sender = sender;
        Rows = rows;
    }

    public override ReadOnlySpan<TensorView> Inputs => _inputs;

    public override int Rows { get; }

    public override int RequestCount => _members.Length;

    public override bool IsDecoupled => _sender is not null;

    public override CancellationToken Cancellation => _members[0].Membership!.Cancellation;

    /// <summary>The outputs by their place in the signature; one without a buffer was not given.</summary>
    public ReadOnlySpan<TensorView> Outputs => _outputs;

    /// <summary>True when outputs have been given that are not sent yet.</summary>
    public bool HasOutputs => Array.Exists(_outputs, static output => output.Buffer is not null);

    /// <summary>The parameters that the backend gave for the response of a member; null when it gave none.</summary>
    public IReadOnlyDictionary<string, ParameterValue>? ResponseParameters(int member) => _responseParameters?[member];

    public override ExecutionRequest GetRequest(int request)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)request, (uint)_members.Length);
        var first = 0;
        for (var i = 0; i < request; i++)
        {
            first += _members[i].Rows;
        }

        var member = _members[request];
        return new ExecutionRequest(member.Request.Id, first, member.Rows, member.Request.Parameters);
    }

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

    public override void SetResponseParameter(int request, string name, ParameterValue value)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)request, (uint)_members.Length);
        _responseParameters ??= new Dictionary<string, ParameterValue>?[_members.Length];
        (_responseParameters[request] ??= new(StringComparer.Ordinal))[name] = value;
    }

    public override void SendResponse(bool isFinal = false)
    {
        Sender.Send(this, ResponseParameters(0), isFinal);

        // The response has counts of its own; the next one begins empty.
        _responseParameters = null;
        ReleaseOutputs();
    }

    public override void SendError(ErrorCode code, string message) => Sender.SendError(code, message);

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

        ReleaseOutputs();
    }

    private DecoupledSender Sender
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            return _sender ?? throw new BackendException("the model sends responses of its own, which its configuration does not allow: model_transaction_policy.decoupled is not set");
        }
    }

    private void ReleaseOutputs()
    {
        foreach (var output in _outputs)
        {
            output.Dispose();
        }

        Array.Clear(_outputs);
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
