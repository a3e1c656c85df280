using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Completion;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Ensembles;

/// <summary>Holds one step against its model, and notes what it writes.</summary>
internal static class StepCheck
{
    /// <summary>Checks a step; those before it have been checked.</summary>
    /// <param name="link">The ensemble.</param>
    /// <param name="step">The step.</param>
    /// <param name="place">Its place in the order of the plan.</param>
    /// <param name="optional">The inputs of the ensemble that a request may leave out.</param>
    public static void Run(EnsembleLink link, EnsembleStepConfig step, int place, HashSet<string> optional)
    {
        var member = link.MemberOf(step).Config;
        foreach (var mapping in step.Inputs)
        {
            CheckInput(link, step, mapping, member, optional);
        }

        foreach (var missing in member.Inputs.Where(input => !input.IsOptional && !step.Inputs.Any(mapping => mapping.Member == input.Name)))
        {
            link.Error(
                $"{step.Path}.input_map",
                $"{step.Words} gives its model no input '{missing.Name}' ({ConfigTypeNames.Of(missing.DataType)}, {missing.Shape}), which it needs",
                $"add input_map {{ key: \"{missing.Name}\" value: \"...\" }}");
        }

        CheckBatches(link, step, member);
        CheckCondition(link, step);
        if (step.FanOut is not null && member.IsDecoupled)
        {
            link.Error(KeyPath(step, StepParameters.Each), $"{step.Words} cannot be run once an item: its model is decoupled, so that an item may have any number of answers");
        }

        CheckScopes(link, step);
        var scope = member.IsDecoupled ? place : ScopeOf(link, step);
        foreach (var mapping in step.Outputs)
        {
            AddOutput(link, step, mapping, member, scope);
        }
    }

    /// <summary>The scope that a step runs in: that of what it reads.</summary>
    public static int ScopeOf(EnsembleLink link, EnsembleStepConfig step) => EnsembleLink.ReadsOf(step)
        .Select(name => link.Tensors.GetValueOrDefault(name)?.Scope ?? EnsemblePlan.Root)
        .FirstOrDefault(static scope => scope != EnsemblePlan.Root, EnsemblePlan.Root);

    private static void CheckInput(EnsembleLink link, EnsembleStepConfig step, TensorMapping mapping, ModelConfig member, HashSet<string> optional)
    {
        var path = step.InputPath(mapping.Member);
        if (member.Inputs.FirstOrDefault(input => input.Name == mapping.Member) is not { } input)
        {
            var names = member.Inputs.Select(static input => input.Name).ToList();
            link.Error(path, $"model '{step.Model}' has no input '{mapping.Member}'", DidYouMean.Suggest(mapping.Member, names) ?? FieldWords.OneOf("its inputs are", names));
            return;
        }

        if (optional.Contains(mapping.Ensemble) && !input.IsOptional)
        {
            link.Error(path, $"input '{mapping.Ensemble}' is optional here, but {step.Words} needs it as input '{input.Name}'", "leave out optional");
        }

        if (link.Tensors.TryGetValue(mapping.Ensemble, out var tensor))
        {
            CheckFit(link, step, path, mapping, tensor, input);
        }
    }

    private static void CheckFit(EnsembleLink link, EnsembleStepConfig step, string path, TensorMapping mapping, LinkedTensor tensor, ModelTensor input)
    {
        var isCut = step.FanOut?.Tensors.Contains(mapping.Ensemble, StringComparer.Ordinal) ?? false;
        if (tensor.Type != input.DataType)
        {
            link.Error(
                path,
                $"tensor '{mapping.Ensemble}' has data_type {ConfigTypeNames.Of(tensor.Type)} from {tensor.Words}, but input '{input.Name}' of {step.Words} takes {ConfigTypeNames.Of(input.DataType)}");
        }
        else if (isCut && tensor.Item() is null)
        {
            link.Error(path, $"tensor '{mapping.Ensemble}' cannot be cut into items: {tensor.Words} gives it no dimensions");
        }
        else if (!(isCut ? tensor.Item()! : tensor).Fits(LinkedTensor.Of(input, step.Words)))
        {
            var what = isCut ? $"an item of tensor '{mapping.Ensemble}' has the shape {tensor.Item()!.Full}" : $"tensor '{mapping.Ensemble}' has the shape {tensor.Full}";
            link.Error(path, $"{what} from {tensor.Words}, but input '{input.Name}' of {step.Words} takes {input.Shape}");
        }
    }

    private static void CheckBatches(EnsembleLink link, EnsembleStepConfig step, ModelConfig member)
    {
        var rows = link.Declared.DeclaredMaxBatchSize ?? 0;
        if (rows > 0 && member.IsBatching && member.MaxBatchSize < rows && step.FanOut is null)
        {
            link.Error(
                "max_batch_size",
                FormattableString.Invariant($"max_batch_size is {rows}, but {step.Words} takes at most {member.MaxBatchSize} rows"),
                FormattableString.Invariant($"write max_batch_size: {member.MaxBatchSize}"));
        }
    }

    private static void CheckCondition(EnsembleLink link, EnsembleStepConfig step)
    {
        if (step.Condition is { } condition && link.Tensors.TryGetValue(condition.Tensor, out var tensor) && !TensorTruth.IsCondition(tensor.Type))
        {
            link.Error(
                KeyPath(step, StepParameters.When),
                $"{step.Words} cannot be conditional on tensor '{condition.Tensor}', which has data_type {ConfigTypeNames.Of(tensor.Type)} from {tensor.Words}; expected a boolean or a number");
        }
    }

    private static void CheckScopes(EnsembleLink link, EnsembleStepConfig step)
    {
        var sources = EnsembleLink.ReadsOf(step).Select(name => (Name: name, Tensor: link.Tensors.GetValueOrDefault(name)))
            .Where(static read => read.Tensor is not null && read.Tensor.Scope != EnsemblePlan.Root)
            .DistinctBy(static read => read.Tensor!.Scope)
            .Select(static read => $"'{read.Name}' from {read.Tensor!.Words}")
            .ToList();
        if (sources.Count > 1)
        {
            link.Error($"{step.Path}.input_map", $"{step.Words} reads tensors of responses of different decoupled steps: {string.Join(" and ", sources)}; which of their responses belong together cannot be told");
        }
    }

    private static void AddOutput(EnsembleLink link, EnsembleStepConfig step, TensorMapping mapping, ModelConfig member, int scope)
    {
        var path = step.OutputPath(mapping.Member);
        if (member.Outputs.FirstOrDefault(output => output.Name == mapping.Member) is not { } output)
        {
            var names = member.Outputs.Select(static output => output.Name).ToList();
            link.Error(path, $"model '{step.Model}' has no output '{mapping.Member}'", DidYouMean.Suggest(mapping.Member, names) ?? FieldWords.OneOf("its outputs are", names));
            return;
        }

        var written = step.FanOut is null ? LinkedTensor.Of(output, step.Words) : LinkedTensor.OfItems(output, step.Words);
        if (written is null)
        {
            link.Error(path, FormattableString.Invariant($"the items of output '{output.Name}' cannot be put together: each has {TensorShape.MaxRank} dimensions, and there are no more"));
            return;
        }

        written = written with { Scope = scope };
        if (link.Tensors.TryAdd(mapping.Ensemble, written))
        {
            return;
        }

        var other = link.Tensors[mapping.Ensemble];
        if (other.Type != written.Type || !other.Fits(written))
        {
            link.Error(path, $"tensor '{mapping.Ensemble}' is {ConfigTypeNames.Of(written.Type)} {written.Full} from {step.Words} and {ConfigTypeNames.Of(other.Type)} {other.Full} from {other.Words}; both must be the same");
        }
        else if (other.Scope != written.Scope)
        {
            link.Error(path, $"tensor '{mapping.Ensemble}' is written by {step.Words} and {other.Words}, of which one runs once for each response of a decoupled step and the other does not");
        }
    }

    private static string KeyPath(EnsembleStepConfig step, string name) => $"parameters[\"{StepParameters.KeyOf(step.Index, name)}\"]";
}
