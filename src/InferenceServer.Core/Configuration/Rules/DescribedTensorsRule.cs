namespace InferenceServer.Core.Configuration.Rules;

/// <summary>A backend that cannot tell a model's inputs and outputs from its file needs both in the configuration.</summary>
internal sealed class DescribedTensorsRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        if (context.Backend is not { DescribesModels: false } backend)
        {
            return;
        }

        foreach (var (field, count) in new[] { ("input", context.Message.Input.Count), ("output", context.Message.Output.Count) })
        {
            if (count == 0)
            {
                context.Error(
                    field,
                    context.IsEnsemble ? $"the configuration of an ensemble must give its tensors, and has no {field}" : $"backend '{backend.Name}' cannot tell a model's tensors from its file, and the configuration has no {field}",
                    $"write {field} [ {{ name: \"...\" data_type: TYPE_FP32 dims: [ -1 ] }} ]");
            }
        }
    }
}
