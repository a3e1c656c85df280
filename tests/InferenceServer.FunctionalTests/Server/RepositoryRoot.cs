namespace InferenceServer.FunctionalTests.Server;

/// <summary>The root of the checkout that the tests were built from.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "InferenceServer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("InferenceServer.sln is in no folder above the tests");
    }
}
