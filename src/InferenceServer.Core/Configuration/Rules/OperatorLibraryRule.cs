namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Libraries of operators are for backends that load some, which say where they may lie.</summary>
internal sealed class OperatorLibraryRule : IConfigRule
{
    private const string Path = "model_operations.op_library_filename";

    public void Check(RuleContext context)
    {
        if (context.Message.ModelOperations is { OpLibraryFilename.Count: > 0 } && context.Backend is { LoadsOperatorLibraries: false } backend)
        {
            context.Error(Path, $"{Path} is not supported by the backend '{backend.Name}'", "leave it out");
        }
    }
}
