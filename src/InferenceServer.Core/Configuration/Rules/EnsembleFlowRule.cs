using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>
/// The tensors of an ensemble flow from its inputs through the steps to its outputs: each is written once, each that is read is written, and no step waits for itself.
/// Which models there are and what they take does not matter here.
/// </summary>
internal sealed class EnsembleFlowRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        if (EnsembleConfig.Of(context.Message) is not { } ensemble)
        {
            return;
        }

        var inputs = context.Message.Input.Select(static input => input.Name).ToHashSet(StringComparer.Ordinal);
        var writers = FindWriters(context, ensemble, inputs);
        var known = inputs.Union(writers.Keys, StringComparer.Ordinal).ToList();
        var read = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in ensemble.Steps)
        {
            foreach (var mapping in step.Inputs)
            {
                CheckRead(context, mapping.Ensemble, step.InputPath(mapping.Member), $"{step.Words} reads", known, read);
            }

            if (step.Condition is { Tensor.Length: > 0 } condition)
            {
                CheckRead(context, condition.Tensor, $"parameters[\"{StepParameters.KeyOf(step.Index, StepParameters.When)}\"]", $"{step.Words} is conditional on", known, read);
            }
        }

        CheckOutputs(context, inputs, writers, known);
        for (var i = 0; i < context.Message.Input.Count; i++)
        {
            if (context.Message.Input[i].Name is { Length: > 0 } name && !read.Contains(name))
            {
                context.Warn($"{DeclaredTensor.PathOf("input", i)}.name", $"input '{name}' has no effect: no step reads it");
            }
        }

        if (context.Problems.IsEmpty)
        {
            CheckOrder(context, ensemble, writers);
        }
    }

    private static Dictionary<string, List<EnsembleStepConfig>> FindWriters(RuleContext context, EnsembleConfig ensemble, HashSet<string> inputs)
    {
        var writers = new Dictionary<string, List<EnsembleStepConfig>>(StringComparer.Ordinal);
        foreach (var step in ensemble.Steps)
        {
            foreach (var (member, tensor) in step.Outputs)
            {
                var others = writers.TryGetValue(tensor, out var known) ? known : writers[tensor] = [];
                if (inputs.Contains(tensor))
                {
                    context.Error(step.OutputPath(member), $"{step.Words} writes tensor '{tensor}', which is an input of the ensemble; a tensor is written once");
                }
                else if (others.Find(other => other.Condition is null || step.Condition is null || !other.Condition.Excludes(step.Condition)) is { } other)
                {
                    context.Error(
                        step.OutputPath(member),
                        $"{step.Words} writes tensor '{tensor}', which {other.Words} writes too; a tensor is written once",
                        "give it another name, or let the two steps run under conditions of which only one can hold");
                }

                others.Add(step);
            }
        }

        return writers;
    }

    private static void CheckRead(RuleContext context, string tensor, string path, string what, List<string> known, HashSet<string> read)
    {
        read.Add(tensor);
        if (tensor.Length > 0 && !known.Contains(tensor, StringComparer.Ordinal))
        {
            context.Error(path, $"{what} tensor '{tensor}', which is no input of the ensemble and which no step writes", DidYouMean.Suggest(tensor, known));
        }
    }

    private static void CheckOutputs(RuleContext context, HashSet<string> inputs, Dictionary<string, List<EnsembleStepConfig>> writers, List<string> known)
    {
        for (var i = 0; i < context.Message.Output.Count; i++)
        {
            var name = context.Message.Output[i].Name;
            if (name.Length > 0 && !writers.ContainsKey(name))
            {
                context.Error(
                    $"{DeclaredTensor.PathOf("output", i)}.name",
                    inputs.Contains(name) ? $"output '{name}' is an input of the ensemble; it must be written by a step" : $"output '{name}' is written by no step",
                    DidYouMean.Suggest(name, known.Where(tensor => !inputs.Contains(tensor) && tensor != name)));
            }
        }
    }

    /// <summary>Takes away every step that can run; what is left waits for itself.</summary>
    private static void CheckOrder(RuleContext context, EnsembleConfig ensemble, Dictionary<string, List<EnsembleStepConfig>> writers)
    {
        var left = ensemble.Steps.ToList();
        while (left.RemoveAll(step => !Reads(step).Any(tensor => writers.TryGetValue(tensor, out var those) && those.Exists(left.Contains))) > 0)
        {
            // Another round: what has been taken away may have been what others waited for.
        }

        if (left.Count > 0)
        {
            context.Error(
                $"{left[0].Path}.input_map",
                $"circular dependency: {string.Join(", ", left.Select(static step => step.Words))} wait for one another's outputs, or for their own");
        }
    }

    private static IEnumerable<string> Reads(EnsembleStepConfig step) =>
        step.Inputs.Select(static mapping => mapping.Ensemble).Concat(step.Condition is { } condition ? [condition.Tensor] : []);
}
