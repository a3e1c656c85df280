using System.Collections.ObjectModel;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Sequences;

namespace InferenceServer.Core.Scheduling;

/// <summary>The execution that a lane hands to its instance: assembled inputs in, outputs out.</summary>
internal sealed class LaneBatch : ExecutionBatch, IDisposable
{
    private readonly ModelSignature _signature;
    private readonly ITensorAllocator _allocator;
    private readonly TensorView[] _inputs;
    private readonly int _inputCount;
    private readonly bool[]? _requested;
    private readonly TensorView[] _outputs;
    private readonly PendingInference[] _members;
    private readonly DecoupledSender? _sender;
    private readonly SequenceTensors? _sequences;
    private TensorView[] _sentStates = [];
    private bool[]? _rescheduled;
    private Dictionary<string, ParameterValue>?[]? _responseParameters;
    private bool _usesOneThread;
    private bool _isOver;

    /// <summary>Makes a batch; takes over the counts of the first <paramref name="inputs"/> inputs in <paramref name="arrays"/>, which are its own until it is disposed.</summary>
    public LaneBatch(ModelSignature signature, ITensorAllocator allocator, LaneArrays arrays, int inputs, int rows, bool[]? requested, PendingInference[] members, DecoupledSender? sender, SequenceTensors? sequences = null)
    {
        _signature = signature;
        _allocator = allocator;
        _inputs = arrays.Inputs(inputs);
        _inputCount = inputs;
        _requested = sequences is null ? requested : sequences.Require(requested);
        _outputs = arrays.Outputs(signature.Outputs.Length);
        _members = members;
        _sender = sender;
        _sequences = sequences;
        Rows = rows;
        foreach (var member in members)
        {
            MemberRows += member.Rows;
        }
    }

    public override ReadOnlySpan<TensorView> Inputs => _inputs.AsSpan(0, _isOver ? 0 : _inputCount);

    public override int Rows { get; }

    /// <summary>The rows that belong to a request: all, unless rows are fixed and some have nothing to do.</summary>
    public int MemberRows { get; }

    public override int RequestCount => _members.Length;

    public override bool IsDecoupled => _sender is not null;

    public override CancellationToken Cancellation => _members[0].Membership!.Cancellation;

    public override bool IsCancelled => _members[0].Membership!.IsCancelled;

    public override void WatchCancellation(Action<object?> stop, object? state) => _members[0].Membership!.Watch(stop, state);

    public override void UnwatchCancellation() => _members[0].Membership!.Unwatch();

    public override bool UsesOneThread => _usesOneThread;

    public override string? Variant => _members[0].Variant;

    /// <summary>The outputs by their place in the signature; one without a buffer was not given.</summary>
    public ReadOnlySpan<TensorView> Outputs => _outputs.AsSpan(0, _isOver ? 0 : _signature.Outputs.Length);

    /// <summary>True when outputs have been given that are not sent yet.</summary>
    public bool HasOutputs
    {
        get
        {
            for (var i = 0; i < Outputs.Length; i++)
            {
                if (_outputs[i].Buffer is not null && _sequences?.IsState(i) != true)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>An output that is a state: as it was given last, sent or not.</summary>
    public TensorView State(int output) => _outputs[output].Buffer is not null || _sentStates.Length == 0 ? _outputs[output] : _sentStates[output];

    /// <summary>True when the backend wants another execution for a request.</summary>
    public bool IsRescheduled(int member) => _rescheduled?[member] == true;

    /// <summary>True when nobody gets a response of this execution.</summary>
    public bool AreAllRescheduled => _rescheduled is not null && Array.TrueForAll(_rescheduled, static wanted => wanted);

    /// <summary>The first row of a member.</summary>
    public int FirstRowOf(int member)
    {
        if (_members[member].Row is { } row)
        {
            return row;
        }

        var first = 0;
        for (var i = 0; i < member; i++)
        {
            first += _members[i].Rows;
        }

        return first;
    }

    /// <summary>Says before it is run whether it is to use the calling thread alone.</summary>
    public void SetOneThread(bool isWanted) => _usesOneThread = isWanted;

    /// <summary>The parameters that the backend gave for the response of a member; null when it gave none.</summary>
    public IReadOnlyDictionary<string, ParameterValue>? ResponseParameters(int member) => _responseParameters?[member];

    public override ExecutionRequest GetRequest(int request)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)request, (uint)_members.Length);
        var member = _members[request];
        return new ExecutionRequest(member.Request.Id, FirstRowOf(request), member.Rows, member.Request.HasParameters ? member.Request.Parameters : ReadOnlyDictionary<string, ParameterValue>.Empty);
    }

    public override bool IsRequested(int output) => _requested is null ? output < _signature.Outputs.Length : _requested[output];

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
        KeepStates();
        ReleaseOutputs();
    }

    public override void Reschedule(int request)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)request, (uint)_members.Length);
        if (_members[request].Step is { Continue: null } || _sequences is null)
        {
            throw new BackendException("the model asks for another execution of a request, which its configuration does not allow: sequence_batching.iterative_sequence is not set");
        }

        // What warms up is executed once.
        (_rescheduled ??= new bool[_members.Length])[request] = _members[request].Step is not null;
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
        try
        {
            Release(_inputs.AsSpan(0, _inputCount));
        }
        finally
        {
            ReleaseOutputs();
        }

        foreach (var state in _sentStates)
        {
            state.Dispose();
        }
    }

    private DecoupledSender Sender
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            return _sender ?? throw new BackendException("the model sends responses of its own, which its configuration does not allow: model_transaction_policy.decoupled is not set");
        }
    }

    /// <summary>What has been sent and is a state too is needed until the execution has ended.</summary>
    private void KeepStates()
    {
        for (var i = 0; _sequences is not null && i < _signature.Outputs.Length; i++)
        {
            if (_sequences.IsState(i) && _outputs[i].Buffer is not null)
            {
                _sentStates = _sentStates.Length == 0 ? new TensorView[_signature.Outputs.Length] : _sentStates;
                _sentStates[i].Dispose();
                (_sentStates[i], _outputs[i]) = (_outputs[i], default);
            }
        }
    }

    private void ReleaseOutputs() => Release(_outputs.AsSpan(0, _signature.Outputs.Length));

    private static void Release(Span<TensorView> tensors)
    {
        try
        {
            foreach (ref readonly var tensor in tensors)
            {
                tensor.Dispose();
            }
        }
        finally
        {
            // Also when an engine throws as it takes its memory back: the next execution has the places.
            tensors.Clear();
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
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)output, (uint)_signature.Outputs.Length);
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
