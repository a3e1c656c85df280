namespace InferenceServer.Core.Configuration.Rules;

/// <summary>A model is called as its folder is: two names for one model would leave clients guessing.</summary>
internal sealed class NameRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        var name = context.Message.Name;
        if (name.Length > 0 && name != context.Facts.ModelName)
        {
            context.Error(
                "name",
                $"name is '{name}', but the model's folder is '{context.Facts.ModelName}'; the two must be equal",
                $"write name: \"{context.Facts.ModelName}\", or leave it out");
        }
    }
}
