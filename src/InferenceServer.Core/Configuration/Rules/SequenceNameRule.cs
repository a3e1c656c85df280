using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Completion;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Every input of a sequence model is filled by one hand, and every state is written by one output, which may be shown to clients as what it is.</summary>
internal sealed class SequenceNameRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        if (context.Message.SequenceBatching is null)
        {
            return;
        }

        var taken = new Dictionary<string, DeclaredTensor>(StringComparer.Ordinal);
        foreach (var input in DeclaredTensor.InputsOf(context.Message))
        {
            taken.TryAdd(input.Name, input);
        }

        CheckFree(context, DeclaredSequenceTensors.InputsOf(context.Message), taken);
        var states = DeclaredSequenceTensors.StateOutputsOf(context.Message);
        CheckFree(context, states, new Dictionary<string, DeclaredTensor>(StringComparer.Ordinal));
        foreach (var output in DeclaredTensor.OutputsOf(context.Message))
        {
            if (output.Name.Length > 0 && states.FirstOrDefault(state => state.Name == output.Name) is { } state)
            {
                CheckShown(context, output, state);
            }
        }
    }

    private static void CheckFree(RuleContext context, IEnumerable<DeclaredTensor> tensors, Dictionary<string, DeclaredTensor> taken)
    {
        foreach (var tensor in tensors.Where(static tensor => tensor.Name.Length > 0))
        {
            if (!taken.TryAdd(tensor.Name, tensor))
            {
                var other = taken[tensor.Name];
                var at = context.Positions.Find(other.NamePath);
                context.Error(
                    tensor.NamePath,
                    FormattableString.Invariant($"{tensor.Words} is a{(other.Kind[0] is 'i' ? "n" : "")} {other.Kind} already, at {at.Line}:{at.Column}"),
                    other.Kind == "input" ? "leave it out of input: no client sends it" : "leave out one of them");
            }
        }
    }

    private static void CheckShown(RuleContext context, DeclaredTensor output, DeclaredTensor state)
    {
        var dims = output.Reshape ?? output.Dims;
        if (output.Type != TensorDataType.Invalid && state.Type != TensorDataType.Invalid && output.Type != state.Type)
        {
            context.Error(
                output.TypePath,
                $"{output.Words} has data_type {ConfigTypeNames.Of(output.Type)}, but is a state with {ConfigTypeNames.Of(state.Type)}",
                $"write data_type: {ConfigTypeNames.Of(state.Type)}");
        }

        if (dims.Length != state.Dims.Length || dims.Where((dim, i) => dim > 0 && state.Dims[i] > 0 && dim != state.Dims[i]).Any())
        {
            context.Error(
                output.Reshape is null ? $"{output.Path}.dims" : $"{output.Path}.reshape.shape",
                $"{output.Words} has {(output.Reshape is null ? "dims" : "a reshape")} of [{string.Join(',', dims)}], but is a state with [{string.Join(',', state.Dims)}]");
        }
    }
}
