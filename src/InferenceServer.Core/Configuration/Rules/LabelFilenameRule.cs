namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Class labels lie in the model's folder.</summary>
internal sealed class LabelFilenameRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        foreach (var output in DeclaredTensor.OutputsOf(context.Message))
        {
            if (output.LabelFilename.Length > 0 && !PlainFileName.IsPlainRelativePath(output.LabelFilename))
            {
                context.Error(
                    $"{output.Path}.label_filename",
                    $"label_filename of {output.Words} must be a file in the model's folder, found '{output.LabelFilename}'",
                    "write for example label_filename: \"labels.txt\"");
            }
        }
    }
}
