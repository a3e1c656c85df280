using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Sequences;

namespace InferenceServer.Core.Scheduling;

/// <summary>Puts the rows of several requests into one set of inputs. One request alone is passed on without a copy.</summary>
/// <param name="config">What the model takes.</param>
/// <param name="signature">The model's own view of it.</param>
/// <param name="allocator">Where the memory comes from.</param>
/// <param name="sequences">What no client of a sequence model sends; null for every other model.</param>
internal sealed class BatchAssembler(ModelConfig config, Abstractions.Models.ModelSignature signature, ITensorAllocator allocator, SequenceTensors? sequences = null)
{
    private readonly ModelTensor[] _reshaped = [.. config.Inputs.Where(static tensor => tensor.HasReshape)];
    private readonly string[] _ragged = [.. config.Inputs.Where(static tensor => tensor.AllowsRagged).Select(static tensor => tensor.Name)];
    private readonly string[] _order = [.. signature.Inputs.Select(static input => input.Name)];
    private readonly int _made = config.BatchInputs.Sum(static made => made.Targets.Length) + (sequences?.Count ?? 0);
    private readonly BatchInputMaker _maker = new(allocator);

    /// <summary>Puts a batch together.</summary>
    /// <param name="members">The requests.</param>
    /// <param name="sender">Where a decoupled model's responses go; null for every other model.</param>
    /// <param name="arrays">Those of the lane that runs it.</param>
    public LaneBatch Assemble(PendingInference[] members, DecoupledSender? sender, LaneArrays arrays)
    {
        var owners = sequences?.Arrange(members);
        var first = members[0];
        var rows = first.Rows;
        for (var i = 1; i < members.Length; i++)
        {
            rows += members[i].Rows;
        }

        // Rows that are fixed may lie apart.
        var isWhole = owners is null || owners.Length == rows;
        rows = owners?.Length ?? rows;
        var given = first.Request.Inputs;
        var count = given.Count + _made;
        var inputs = arrays.Inputs(count);
        var made = 0;
        try
        {
            for (; made < given.Count; made++)
            {
                inputs[made] = !isWhole ? RowGatherer.Gather(owners!, made, allocator) : members.Length == 1 ? given[made].Acquire() : Gather(members, made, rows);
            }

            foreach (var generated in config.BatchInputs)
            {
                foreach (var target in generated.Targets)
                {
                    inputs[made++] = _maker.Make(target, generated, members);
                }
            }

            if (sequences is not null)
            {
                sequences.Make(owners!, inputs.AsSpan(made, count - made));
                made = count;
            }
        }
        catch
        {
            foreach (var input in inputs)
            {
                input.Dispose();
            }

            Array.Clear(inputs);
            throw;
        }

        if (made > given.Count)
        {
            // Backends get their inputs in the order of the model.
            inputs.AsSpan(0, count).Sort((one, other) => Array.IndexOf(_order, one.Name) - Array.IndexOf(_order, other.Name));
        }

        for (var i = 0; (_reshaped.Length > 0 || _ragged.Length > 0) && i < count; i++)
        {
            inputs[i] = ToModel(inputs[i]);
        }

        return new LaneBatch(signature, allocator, arrays, count, rows, Union(members), members, sender, sequences);
    }

    /// <summary>The same bytes under the shape that the model sees, where the configuration gives it another one than clients see.</summary>
    private TensorView ToModel(in TensorView input)
    {
        if (_ragged.Length > 0 && IsRagged(input.Name) && input.Shape.TryGetElementCount(out var elements))
        {
            return input.WithShape(new TensorShape(elements));
        }

        foreach (var tensor in _reshaped)
        {
            if (tensor.Name == input.Name)
            {
                return input.WithShape(tensor.ToModelShape(input.Shape));
            }
        }

        return input;
    }

    private TensorView Gather(ReadOnlySpan<PendingInference> members, int input, int rows)
    {
        var length = 0L;
        var elements = 0L;
        foreach (var member in members)
        {
            var part = member.Request.Inputs[input];
            length = checked(length + part.Length);
            part.Shape.TryGetElementCount(out var count);
            elements += count;
        }

        var buffer = allocator.Rent(length);
        var offset = 0L;
        foreach (var member in members)
        {
            var part = member.Request.Inputs[input];
            Copy(part, buffer, offset);
            offset += part.Length;
        }

        var first = members[0].Request.Inputs[input];
        return new TensorView(first.Name, first.DataType, IsRagged(first.Name) ? new TensorShape(elements) : first.Shape.WithFirst(rows), buffer);
    }

    private bool IsRagged(string name) => Array.IndexOf(_ragged, name) >= 0;

    private static unsafe void Copy(in TensorView source, TensorBuffer destination, long offset) =>
        Buffer.MemoryCopy((void*)source.Pointer, (void*)(destination.Pointer + (nint)offset), destination.Length - offset, source.Length);

    /// <summary>The outputs that anybody in the batch wants; null for all.</summary>
    private static bool[]? Union(ReadOnlySpan<PendingInference> members)
    {
        if (members.Length == 1)
        {
            return members[0].RequestedOutputs;
        }

        bool[]? union = null;
        foreach (var member in members)
        {
            if (member.RequestedOutputs is not { } wanted)
            {
                return null;
            }

            union ??= new bool[wanted.Length];
            for (var i = 0; i < wanted.Length; i++)
            {
                union[i] |= wanted[i];
            }
        }

        return union;
    }
}
