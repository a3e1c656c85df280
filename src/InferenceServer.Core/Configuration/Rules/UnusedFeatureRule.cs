namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Says so wherever a file asks for something that this server does not do: nothing is ignored in silence.</summary>
internal sealed class UnusedFeatureRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        foreach (var feature in UnusedFeatureTable.Rows)
        {
            foreach (var path in feature.Paths(context.Message))
            {
                if (feature.IsError)
                {
                    context.Error(path, $"{path} is not supported by this server: {feature.Note}");
                }
                else
                {
                    context.Warn(path, $"{path} has no effect: {feature.Note}");
                }
            }
        }
    }
}
