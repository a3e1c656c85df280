using System.Reflection;
using System.Xml.Linq;

namespace InferenceServer.ArchitectureTests;

/// <summary>The solution as it lies on disk and as it was compiled.</summary>
internal static class Solution
{
    public static string Root { get; } = FindRoot();

    /// <summary>The names of the source projects.</summary>
    public static string[] SourceProjects { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(static path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    /// <summary>The projects that a project refers to.</summary>
    public static string[] ProjectReferences(string project) =>
        [.. Items(project, "ProjectReference").Select(static include => Path.GetFileNameWithoutExtension(include.Replace('\\', '/')))];

    /// <summary>The packages that a project refers to.</summary>
    public static string[] PackageReferences(string project) => [.. Items(project, "PackageReference")];

    /// <summary>The compiled assembly of a source project.</summary>
    public static Assembly Load(string project) => Assembly.Load(project == "InferenceServer.Host" ? "inference-server" : project);

    /// <summary>The source files of a project.</summary>
    public static IEnumerable<string> Sources(string project) => Directory
        .EnumerateFiles(Path.Combine(Root, "src", project), "*.cs", SearchOption.AllDirectories)
        .Where(static path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static IEnumerable<string> Items(string project, string item) => XDocument
        .Load(Path.Combine(Root, "src", project, project + ".csproj"))
        .Descendants(item)
        .Select(static element => element.Attribute("Include")!.Value);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "InferenceServer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("InferenceServer.sln is in no folder above the tests");
    }
}
