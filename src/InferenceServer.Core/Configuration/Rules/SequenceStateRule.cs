using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Completion;
using Initial = global::Inference.ModelSequenceBatching.Types.InitialState;
using Source = global::Inference.ModelSequenceBatching.Types.InitialState.StateDataOneofCase;
using State = global::Inference.ModelSequenceBatching.Types.State;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>A state has a type, a shape and both its tensors, and begins with something of that type and shape.</summary>
internal sealed class SequenceStateRule : IConfigRule
{
    /// <summary>The most bytes that all states of a sequence may begin with, the text of strings not counted.</summary>
    public const long MaxInitialBytes = 1 << 30;

    public void Check(RuleContext context)
    {
        var states = context.Message.SequenceBatching?.State ?? [];
        var bytes = 0.0;
        for (var i = 0; i < states.Count; i++)
        {
            var path = DeclaredTensor.PathOf("sequence_batching.state", i);
            var words = states[i].InputName.Length > 0 ? $"state '{states[i].InputName}'" : path;
            CheckState(context, states[i], path, words);
            for (var j = 0; j < states[i].InitialState.Count; j++)
            {
                CheckInitial(context, states[i], states[i].InitialState[j], DeclaredTensor.PathOf($"{path}.initial_state", j), words);
            }

            bytes += BytesOf(states[i]);
        }

        if (bytes > MaxInitialBytes)
        {
            context.Error("sequence_batching.state", FormattableString.Invariant($"the states that a sequence begins with take {bytes:F0} bytes; this server takes at most {MaxInitialBytes} here"));
        }
    }

    /// <summary>The dimensions that a state begins with: those of its initial state, or else its own with 1 for every free one.</summary>
    public static ImmutableArray<long> InitialDimsOf(State state) =>
        state.InitialState.Count > 0 ? [.. state.InitialState[0].Dims] : [.. state.Dims.Select(static dim => dim == TensorShape.Free ? 1 : dim)];

    // Of a string at least its length is there.
    private static double BytesOf(State state)
    {
        var type = (TensorDataType)state.DataType;
        var size = type == TensorDataType.Bytes ? BytesTensor.PrefixSize : type.ElementSize();
        return InitialDimsOf(state).Aggregate((double)size, static (product, dim) => product * Math.Max(0, dim));
    }

    private static void CheckState(RuleContext context, State state, string path, string words)
    {
        foreach (var (field, name) in new[] { ("input_name", state.InputName), ("output_name", state.OutputName) })
        {
            if (name.Length == 0)
            {
                context.Error($"{path}.{field}", $"{words} has no {field}", $"write {field}: \"...\", as the model calls the tensor");
            }
        }

        if ((TensorDataType)state.DataType == TensorDataType.Invalid)
        {
            context.Error($"{path}.data_type", $"{words} has no data_type", "write for example data_type: TYPE_FP32");
        }

        if (state.Dims.Count == 0 && context.Backend is { DescribesModels: false })
        {
            // Where the model's file tells its shapes, a shape of none is held against them.
            context.Error($"{path}.dims", $"{words} has no dims", "write for example dims: [ 128 ], without the batch dimension");
        }

        for (var i = 0; i < state.Dims.Count; i++)
        {
            if (state.Dims[i] is 0 or < TensorShape.Free)
            {
                context.Error(DeclaredTensor.PathOf($"{path}.dims", i), FormattableString.Invariant($"dimension {i} in dims of {words} must be 1 or more, or -1 for any size, found {state.Dims[i]}"));
            }
        }

        var most = TensorShape.MaxRank - (context.MaxBatchSize > 0 ? 1 : 0);
        if (state.Dims.Count > most)
        {
            context.Error($"{path}.dims", FormattableString.Invariant($"dims of {words} has {state.Dims.Count} dimensions; this server takes at most {most} here"));
        }

        if (state.InitialState.Count > 1)
        {
            context.Error($"{path}.initial_state[1]", FormattableString.Invariant($"{words} must have at most one initial_state, found {state.InitialState.Count}"), "leave out all but one");
        }
    }

    private static void CheckInitial(RuleContext context, State state, Initial initial, string path, string words)
    {
        if (initial.Name.Length == 0)
        {
            context.Error($"{path}.name", $"initial_state of {words} has no name", "write for example name: \"first\"");
        }

        if (initial.DataType != state.DataType)
        {
            context.Error(
                $"{path}.data_type",
                $"initial_state of {words} must have the data_type of the state, {DeclaredSequenceTensors.NameOf(state.DataType)}, found {DeclaredSequenceTensors.NameOf(initial.DataType)}",
                (TensorDataType)state.DataType == TensorDataType.Invalid ? null : $"write data_type: {ConfigTypeNames.Of((TensorDataType)state.DataType)}");
        }

        CheckContent(context, initial, path, words);
        CheckDims(context, state, initial, path, words);
    }

    private static void CheckContent(RuleContext context, Initial initial, string path, string words)
    {
        const string suggestion = "write zero_data: true or data_file: \"...\"";
        switch (initial.StateDataCase)
        {
            case Source.None:
                context.Error(path, $"initial_state of {words} has no content: expected zero_data or data_file", suggestion);
                break;
            case Source.ZeroData when !initial.ZeroData:
                context.Error($"{path}.zero_data", $"zero_data of the initial_state of {words} is false, which leaves it without content", suggestion);
                break;
            case Source.DataFile when !PlainFileName.IsPlain(initial.DataFile):
                context.Error($"{path}.data_file", $"data_file of the initial_state of {words} must be the name of a file in the folder initial_state of the model, without any path, found '{initial.DataFile}'");
                break;
        }
    }

    private static void CheckDims(RuleContext context, State state, Initial initial, string path, string words)
    {
        if (initial.Dims.Count != state.Dims.Count)
        {
            context.Error(
                $"{path}.dims",
                FormattableString.Invariant($"dims of the initial_state of {words} must have as many dimensions as those of the state, {state.Dims.Count}, found {initial.Dims.Count}"),
                "write the dims of one row, without the batch dimension and without free ones");
            return;
        }

        for (var i = 0; i < initial.Dims.Count; i++)
        {
            var place = DeclaredTensor.PathOf($"{path}.dims", i);
            if (initial.Dims[i] < 0)
            {
                context.Error(place, FormattableString.Invariant($"dimension {i} of the initial_state of {words} must be a size, since sequences begin with it, found {initial.Dims[i]}"));
            }
            else if (state.Dims[i] > 0 && initial.Dims[i] != state.Dims[i])
            {
                context.Error(
                    place,
                    FormattableString.Invariant($"dimension {i} of the initial_state of {words} is {initial.Dims[i]}, but that of the state is {state.Dims[i]}"),
                    FormattableString.Invariant($"write {state.Dims[i]}"));
            }
        }
    }
}
