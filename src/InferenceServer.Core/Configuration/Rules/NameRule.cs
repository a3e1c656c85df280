namespace InferenceServer.Core.Configuration.Rules;

/// <summary>
/// A model is called as its folder is: two names for one model would leave clients guessing. Where its repository is a namespace, the whole name is taken as well, since that is what an
/// exported configuration bears, and it must read back.
/// </summary>
internal sealed class NameRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        var name = context.Message.Name;
        if (!context.Facts.HasGivenName && name.Length > 0 && name != context.Facts.FolderName && name != context.Facts.ModelName)
        {
            context.Error(
                "name",
                $"name is '{name}', but the model's folder is '{context.Facts.FolderName}'; the two must be equal",
                $"write name: \"{context.Facts.FolderName}\", or leave it out");
        }
    }
}
