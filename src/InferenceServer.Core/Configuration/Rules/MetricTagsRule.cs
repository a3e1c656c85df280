namespace InferenceServer.Core.Configuration.Rules;

/// <summary>A metric tag becomes a label of the model's metrics, and so its name must be one that Prometheus takes.</summary>
internal sealed class MetricTagsRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        foreach (var name in context.Message.MetricTags.Keys)
        {
            if (name.Length == 0 || !name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
            {
                context.Error(
                    $"metric_tags[\"{name}\"]",
                    $"the name of a metric tag must be letters, digits and underscores, found '{name}'",
                    "write for example metric_tags { key: \"team\" value: \"search\" }, which becomes the label _team");
            }
        }
    }
}
