using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>What no client of a sequence model sends or gets: the control inputs, and the states that go from one step to the next.</summary>
internal sealed class SequenceTensors
{
    private readonly ControlInput[] _controls;
    private readonly StateTensor[] _states;
    private readonly bool[] _stateOutputs;
    private readonly bool _hasFixedRows;

    public SequenceTensors(ModelConfig config, SequenceBatchingConfig sequences, ModelSignature signature, ImmutableArray<InitialState> initial, ITensorAllocator allocator)
    {
        _controls = [.. sequences.Controls.Select(control => new ControlInput(control, ShapeOf(signature, control.Name), config.IsBatching, allocator))];
        _states = [.. sequences.States.Select((state, i) => new StateTensor(state, i, PlaceOf(signature, state.OutputName), initial[i], config.IsBatching, allocator))];
        _stateOutputs = new bool[signature.Outputs.Length];
        foreach (var state in _states)
        {
            _stateOutputs[state.Output] = true;
        }

        _hasFixedRows = sequences.IsDirect && config.IsBatching;
    }

    /// <summary>How many inputs are made.</summary>
    public int Count => _controls.Length + _states.Length;

    /// <summary>Whether an output of the signature is a state.</summary>
    public bool IsState(int output) => _stateOutputs[output];

    /// <summary>The wanted outputs and the states among them; null for all.</summary>
    public bool[]? Require(bool[]? wanted)
    {
        if (wanted is null || _states.Length == 0)
        {
            return wanted;
        }

        var required = (bool[])wanted.Clone();
        foreach (var state in _states)
        {
            required[state.Output] = true;
        }

        return required;
    }

    /// <summary>Who has which row of an execution, in the order of the rows, which the members are put into; null for a row that nobody has.</summary>
    public PendingInference?[] Arrange(PendingInference[] members)
    {
        if (_hasFixedRows && members[0].Step is not null)
        {
            Array.Sort(members, static (one, other) => one.Row!.Value - other.Row!.Value);
            var fixedRows = new PendingInference?[members[^1].Row!.Value + 1];
            foreach (var member in members)
            {
                fixedRows[member.Row!.Value] = member;
            }

            return fixedRows;
        }

        // Only what warms up has more than one row.
        var rows = new PendingInference?[members.Sum(static member => member.Rows)];
        var row = 0;
        foreach (var member in members)
        {
            rows.AsSpan(row, member.Rows).Fill(member);
            row += member.Rows;
        }

        return rows;
    }

    /// <summary>Makes the inputs. Every view has a count of its own; when it throws, those made before are in <paramref name="inputs"/>.</summary>
    public void Make(PendingInference?[] rows, Span<TensorView> inputs)
    {
        foreach (var member in rows)
        {
            if (member?.Step is { IsStart: true } step)
            {
                step.Sequence?.Memory.Reset();
            }
        }

        var made = 0;
        foreach (var control in _controls)
        {
            inputs[made++] = control.Make(rows);
        }

        foreach (var state in _states)
        {
            inputs[made++] = state.Make(rows);
        }
    }

    /// <summary>Cuts the states out of what the model gave. They are kept when <see cref="KeptStates.Keep"/> says so; nothing has changed when it throws.</summary>
    /// <exception cref="BackendException">A state is missing or has another shape than it may have.</exception>
    public KeptStates Cut(LaneBatch batch, PendingInference[] members)
    {
        var kept = new TensorView[_states.Length][];
        for (var i = 0; i < _states.Length; i++)
        {
            kept[i] = _states[i].Cut(batch, members);
        }

        return new KeptStates(members, kept);
    }

    private static TensorShape ShapeOf(ModelSignature signature, string input) => signature.Inputs.First(spec => spec.Name == input).Shape;

    private static int PlaceOf(ModelSignature signature, string output)
    {
        var place = signature.Outputs.Select(static spec => spec.Name).ToList().IndexOf(output);
        return place >= 0 ? place : throw new BackendException($"the model has no output '{output}'");
    }
}
