namespace InferenceServer.Core.Configuration.Rules;

/// <summary>The model's file lies in its version's folder and nowhere else.</summary>
internal sealed class ModelFilenameRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        var name = context.Message.DefaultModelFilename;
        if (name.Length > 0 && !PlainFileName.IsPlain(name))
        {
            context.Error(
                "default_model_filename",
                $"default_model_filename must be the name of a file in the version's folder, without any path, found '{name}'",
                context.Backend?.DefaultModelFilename is { } usual ? $"write for example default_model_filename: \"{usual}\"" : null);
        }
    }
}
