namespace InferenceServer.Testing.Files;

/// <summary>Files of the source tree that tests read: the sample models and the values expected of them.</summary>
public static class RepositoryFiles
{
    private static readonly Lazy<string> s_root = new(FindRoot);

    /// <summary>The folder of the solution.</summary>
    public static string Root => s_root.Value;

    /// <summary>A sample model's file.</summary>
    public static string SampleModel(string name) => Path.Combine(Root, "model-repository", name, "1", "model.onnx");

    /// <summary>A file of <c>tests/data</c>.</summary>
    public static string TestData(string name) => Path.Combine(Root, "tests", "data", name);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "InferenceServer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("the tests do not lie below the solution's folder");
    }
}
