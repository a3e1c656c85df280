namespace InferenceServer.Core.Configuration.Rules;

/// <summary>The graph level is one of the numbers that mean something.</summary>
internal sealed class GraphLevelRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        if (context.Message.Optimization?.Graph is { Level: < -1 or > 2 } graph)
        {
            context.Error(
                "optimization.graph.level",
                FormattableString.Invariant($"optimization.graph.level must be from -1 to 2, found {graph.Level}"),
                "0 is every optimisation, -1 the basic ones, 1 the extended ones, 2 none");
        }
    }
}
