namespace InferenceServer.Core.Configuration.Rules;

/// <summary>One thing that a configuration must get right. A rule reports everything it finds and leaves the rest to the others.</summary>
internal interface IConfigRule
{
    void Check(RuleContext context);
}
