using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Sequences;

namespace InferenceServer.Core.Scheduling;

/// <summary>Cuts the outputs of an execution into slices, one set a request, without copying.</summary>
internal sealed class BatchSplitter
{
    private readonly ModelSignature _signature;
    private readonly bool _isBatching;
    private readonly ModelTensor?[] _reshaped;
    private readonly int[] _all;
    private readonly string?[] _scattered;
    private readonly SequenceTensors? _sequences;

    public BatchSplitter(ModelConfig config, ModelSignature signature, SequenceTensors? sequences = null)
    {
        _sequences = sequences;
        _signature = signature;
        _isBatching = config.IsBatching;
        _reshaped = [.. signature.Outputs.Select(output => config.Outputs.FirstOrDefault(tensor => tensor.Name == output.Name && tensor.HasReshape))];

        _scattered = [.. signature.Outputs.Select(output => config.BatchOutputs.FirstOrDefault(scattered => scattered.Targets.Contains(output.Name))?.Source)];

        // A configuration may declare fewer outputs than the model has: the others do not exist for clients.
        _all = [.. config.Outputs.Select(tensor => IndexOf(signature, tensor.Name))];
    }

    /// <summary>
    /// Makes each member's outputs, and keeps the states of their sequences. Every view has a count of its own; none is left over when it throws. A member that is
    /// to have another execution has no response.
    /// </summary>
    /// <param name="batch">The execution.</param>
    /// <param name="members">The requests.</param>
    /// <param name="arrays">Those of the lane, whose responses these are.</param>
    /// <returns>The responses, in the order of the requests; there may be empty places behind them.</returns>
    /// <exception cref="BackendException">An output is missing or does not have the rows that went in.</exception>
    public InferenceResponse?[] Split(LaneBatch batch, PendingInference[] members, LaneArrays arrays)
    {
        Check(batch, members);
        var kept = _sequences?.Cut(batch, members);
        var offsets = arrays.Offsets(_signature.Outputs.Length);
        var parts = arrays.Parts(members.Length);
        var row = 0;
        for (var i = 0; i < members.Length; i++)
        {
            if (batch.Rows != batch.MemberRows)
            {
                Skip(batch, batch.FirstRowOf(i) - row, offsets);
                row = batch.FirstRowOf(i) + members[i].Rows;
            }

            parts[i] = Cut(batch, members[i], offsets, arrays.Lengths(offsets.Length), isOnly: members.Length == 1 && batch.Rows == members[i].Rows);
        }

        // Nothing can fail from here on.
        kept?.Keep();
        var responses = arrays.Responses(members.Length);
        for (var i = 0; i < members.Length; i++)
        {
            if (batch.IsRescheduled(i))
            {
                continue;
            }

            foreach (var part in parts[i])
            {
                part.Acquire();
            }

            responses[i] = new InferenceResponse(members[i].Request.Id, members[i].Request.DetachLease(), parts[i], batch.ResponseParameters(i));
        }

        return responses;
    }

    /// <summary>The outputs of one response of a decoupled model: all that were given. Every view has a count of its own.</summary>
    /// <exception cref="BackendException">A BYTES output is not what its shape says.</exception>
    public TensorView[] CutDecoupled(LaneBatch batch)
    {
        var count = 0;
        foreach (var output in _all)
        {
            if (batch.Outputs[output] is { Buffer: not null } given)
            {
                CheckStrings(given);
                count++;
            }
        }

        var parts = new TensorView[count];
        var made = 0;
        foreach (var output in _all)
        {
            if (batch.Outputs[output] is { Buffer: not null } given)
            {
                parts[made++] = _reshaped[output] is { } tensor ? given.WithShape(tensor.ToClientShape(given.Shape)) : given;
            }
        }

        // Nothing can fail from here on.
        foreach (var part in parts)
        {
            part.Acquire();
        }

        return parts;
    }

    /// <summary>Keeps the state of the one sequence in an execution of a decoupled model.</summary>
    /// <exception cref="BackendException">A state is missing or has another shape than it may have.</exception>
    public void KeepStates(LaneBatch batch, PendingInference[] members) => _sequences?.Cut(batch, members).Keep();

    private static int IndexOf(ModelSignature signature, string name)
    {
        for (var i = 0; i < signature.Outputs.Length; i++)
        {
            if (signature.Outputs[i].Name == name)
            {
                return i;
            }
        }

        throw new BackendException($"the model has no output '{name}'");
    }

    private TensorView[] Cut(LaneBatch batch, PendingInference member, Span<long> offsets, Span<long> lengths, bool isOnly)
    {
        var order = member.OutputOrder ?? _all;
        var parts = new TensorView[order.Length];
        for (var output = 0; output < offsets.Length; output++)
        {
            var whole = batch.Outputs[output];
            if (whole.Buffer is not null)
            {
                lengths[output] = isOnly ? whole.Length
                    : _scattered[output] is { } source ? MeasureElements(whole, offsets[output], ElementsOf(ShapeOf(member, source)))
                    : Measure(whole, offsets[output], member.Rows, batch.Rows);
            }
        }

        for (var i = 0; i < parts.Length; i++)
        {
            var output = order[i];
            var whole = batch.Outputs[output];
            var shape = _scattered[output] is { } source ? ShapeOf(member, source)
                : isOnly ? whole.Shape
                : whole.Shape.WithFirst(member.Rows);
            if (_reshaped[output] is { } tensor)
            {
                shape = tensor.ToClientShape(shape);
            }

            parts[i] = new TensorView(whole.Name, whole.DataType, shape, whole.Buffer, whole.Offset + offsets[output], lengths[output]);
        }

        for (var output = 0; output < offsets.Length; output++)
        {
            offsets[output] += lengths[output];
        }

        return parts;
    }

    /// <summary>Passes over rows that nobody has.</summary>
    private static void Skip(LaneBatch batch, int rows, Span<long> offsets)
    {
        for (var output = 0; rows > 0 && output < offsets.Length; output++)
        {
            if (batch.Outputs[output] is { Buffer: not null } whole)
            {
                offsets[output] += Measure(whole, offsets[output], rows, batch.Rows);
            }
        }
    }

    private static long Measure(in TensorView whole, long offset, int rows, int totalRows)
    {
        if (whole.DataType != TensorDataType.Bytes)
        {
            return whole.Length / totalRows * rows;
        }

        whole.Shape.WithoutFirst().TryGetElementCount(out var elementsPerRow);
        return BytesTensor.MeasurePrefix(whole.Span[(int)offset..], elementsPerRow * rows);
    }

    private static long MeasureElements(in TensorView whole, long offset, long elements) =>
        whole.DataType == TensorDataType.Bytes ? BytesTensor.MeasurePrefix(whole.Span[(int)offset..], elements) : elements * whole.DataType.ElementSize();

    private static long ElementsOf(in TensorShape shape) => shape.TryGetElementCount(out var elements) ? elements : 0;

    /// <summary>The shape of an input of a request; that of nothing where it was left out.</summary>
    private static TensorShape ShapeOf(PendingInference member, string input)
    {
        foreach (var given in member.Request.Inputs)
        {
            if (given.Name == input)
            {
                return given.Shape;
            }
        }

        return new TensorShape(0);
    }

    /// <summary>A flat output holds as many elements as the inputs whose shapes it is to have.</summary>
    private static void CheckScattered(in TensorView given, string source, ReadOnlySpan<PendingInference> members)
    {
        var expected = 0L;
        foreach (var member in members)
        {
            expected += ElementsOf(ShapeOf(member, source));
        }

        if (ElementsOf(given.Shape) != expected)
        {
            throw new BackendException($"the model gave output '{given.Name}' {ElementsOf(given.Shape)} elements, expected {expected}, as many as input '{source}' has");
        }
    }

    private void Check(LaneBatch batch, ReadOnlySpan<PendingInference> members)
    {
        for (var output = 0; output < _signature.Outputs.Length; output++)
        {
            var name = _signature.Outputs[output].Name;
            var given = batch.Outputs[output];
            if (given.Buffer is null)
            {
                if (batch.IsRequested(output) && Array.IndexOf(_all, output) >= 0 && !batch.AreAllRescheduled)
                {
                    throw new BackendException($"the model gave no output '{name}' though it was requested");
                }

                continue;
            }

            if (_scattered[output] is { } source)
            {
                CheckScattered(given, source, members);
            }
            else if (_isBatching && (given.Shape.Rank == 0 || given.Shape[0] != batch.Rows))
            {
                throw new BackendException($"the model gave output '{name}' the shape {given.Shape}, expected {batch.Rows} rows in the first dimension");
            }

            CheckStrings(given);
        }
    }

    private static void CheckStrings(in TensorView given)
    {
        if (given.DataType == TensorDataType.Bytes)
        {
            given.Shape.TryGetElementCount(out var expected);
            if (!BytesTensor.TryCount(given.Span, out var elements) || elements != expected)
            {
                throw new BackendException($"the model gave output '{given.Name}' {elements} whole elements, expected {expected}");
            }
        }
    }
}
