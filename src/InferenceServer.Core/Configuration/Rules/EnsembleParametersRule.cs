using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>The parameters that make steps conditional, or run once an item, name a step, tensors and numbers.</summary>
internal sealed class EnsembleParametersRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        if (context.Message.EnsembleScheduling is not { } scheduling)
        {
            return;
        }

        foreach (var (key, parameter) in context.Message.Parameters)
        {
            var path = $"parameters[\"{key}\"]";
            if (StepParameters.TrySplit(key, out var step, out var name))
            {
                if (step >= scheduling.Step.Count)
                {
                    context.Error(path, FormattableString.Invariant($"parameter '{key}' names a step that is not there: the steps are step[0] to step[{scheduling.Step.Count - 1}]"));
                }
                else
                {
                    CheckValue(context, path, key, step, name, parameter.StringValue.Trim());
                }
            }
            else if (StepParameters.IsMeant(key))
            {
                context.Error(path, $"parameter '{key}' is not understood: expected step[<n>].<name>", $"for example '{StepParameters.KeyOf(0, StepParameters.When)}'");
            }
        }
    }

    private static void CheckValue(RuleContext context, string path, string key, int step, string name, string value)
    {
        switch (name)
        {
            case StepParameters.When:
                CheckTensor(context, path, key, value.StartsWith('!') ? value[1..].Trim() : value);
                break;
            case StepParameters.Each:
                CheckEach(context, path, key, step, value);
                break;
            case StepParameters.Parallel:
                CheckNumber(context, path, key, step, value, StepParameters.MostParallel);
                break;
            case StepParameters.MaxItems:
                CheckNumber(context, path, key, step, value, StepParameters.MostItems);
                break;
            default:
                context.Error(path, $"parameter '{key}' is not understood", DidYouMean.Suggest(name, StepParameters.Names) ?? $"what may follow '{StepParameters.KeyOf(step, "")}' is {string.Join(", ", StepParameters.Names)}");
                break;
        }
    }

    private static void CheckTensor(RuleContext context, string path, string key, string tensor)
    {
        if (tensor.Length == 0)
        {
            context.Error(path, $"parameter '{key}' must name a tensor of the ensemble, found nothing");
        }
    }

    private static void CheckEach(RuleContext context, string path, string key, int step, string value)
    {
        var inputs = context.Message.EnsembleScheduling.Step[step].InputMap.Values;
        foreach (var tensor in value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!inputs.Contains(tensor, StringComparer.Ordinal))
            {
                context.Error(
                    path,
                    $"parameter '{key}' must name tensors that the step reads, found '{tensor}'",
                    DidYouMean.Suggest(tensor, inputs) ?? FieldWords.OneOf("the step reads", inputs.Order(StringComparer.Ordinal)));
            }
        }
    }

    private static void CheckNumber(RuleContext context, string path, string key, int step, string value, int most)
    {
        if (!StepParameters.TryReadNumber(value, most, out _))
        {
            context.Error(path, FormattableString.Invariant($"parameter '{key}' must be a whole number from 1 to {most}, found '{value}'"));
        }
        else if (!context.Message.Parameters.ContainsKey(StepParameters.KeyOf(step, StepParameters.Each)))
        {
            context.Error(path, $"parameter '{key}' has no effect: the step is not run once an item", $"set '{StepParameters.KeyOf(step, StepParameters.Each)}' to the tensors that are cut, or leave it out");
        }
    }
}
