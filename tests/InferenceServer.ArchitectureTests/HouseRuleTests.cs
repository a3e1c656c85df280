using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace InferenceServer.ArchitectureTests;

/// <summary>Rules of the house that a compiler does not hold.</summary>
public sealed partial class HouseRuleTests
{
    private static readonly string[] s_rootFolders = ["benchmarks", "deploy", "docs", "model-repository", "protos", "samples", "src", "tests"];

    public static TheoryData<string> Projects => [.. Solution.SourceProjects];

    [Fact]
    public void Root_HasTheFoldersOfTheDesignAndNoOther() =>
        Assert.Equal(s_rootFolders, Directory.EnumerateDirectories(Solution.Root)
            .Select(static path => Path.GetFileName(path)!)
            .Where(static name => name[0] != '.' && name is not ("artifacts" or "TestResults" or "BenchmarkDotNet.Artifacts"))
            .Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Namespaces_HideNoLibrary(string project) =>
        Assert.All(Types(project), static type =>
            Assert.DoesNotContain((type.Namespace ?? "").Split('.'), static part => part is "Grpc" or "OnnxRuntime" or "TorchSharp"));

    [Theory]
    [MemberData(nameof(Projects))]
    public void NoType_IsCalledLikeTheRootNamespace(string project) =>
        Assert.All(Types(project), static type => Assert.NotEqual("InferenceServer", type.Name));

    [Theory]
    [MemberData(nameof(Projects))]
    public void File_HoldsOneTypeOfItsName(string project) => Assert.All(Solution.Sources(project), static path =>
    {
        var declared = TopLevelType().Matches(File.ReadAllText(path)).Select(static match => match.Groups["name"].Value).ToArray();
        var name = Path.GetFileNameWithoutExtension(path);
        Assert.True(declared.Length <= 1 && (declared.Length == 0 || declared[0] == name), $"{path} declares {string.Join(", ", declared)}");
    });

    [Theory]
    [MemberData(nameof(Projects))]
    public void LongFile_SaysWhy(string project) => Assert.All(Solution.Sources(project), static path =>
    {
        var lines = File.ReadAllLines(path);
        Assert.True(lines.Length <= 400 || lines[0].StartsWith("// Long because", StringComparison.Ordinal), $"{path} has {lines.Length} lines and does not begin with '// Long because'");
    });

    /// <summary>Whoever looks for an event by its number finds one.</summary>
    [Fact]
    public void EventIds_AreEachOfOneMessage()
    {
        var ids = Solution.SourceProjects.SelectMany(Solution.Sources).SelectMany(static path => EventId().Matches(File.ReadAllText(path)).Select(match => (Id: match.Groups["id"].Value, Path: path))).ToArray();
        Assert.True(ids.Length > 50, $"{ids.Length} messages");
        Assert.All(ids.GroupBy(static one => one.Id, StringComparer.Ordinal), static same => Assert.True(same.Count() == 1, $"{same.Key}: {string.Join(", ", same.Select(static one => one.Path))}"));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Classes_AreSealedOrMeantToBeInherited(string project) =>
        Assert.All(Types(project).Where(static type => type is { IsClass: true, IsAbstract: false, IsNested: false }), static type => Assert.True(type.IsSealed, $"{type} is not sealed"));

    [Theory]
    [InlineData("InferenceServer.Abstractions")]
    [InlineData("InferenceServer.Core")]
    [InlineData("InferenceServer.Backends.Identity")]
    [InlineData("InferenceServer.Backends.Onnx")]
    [InlineData("InferenceServer.Protocols.KServe")]
    [InlineData("InferenceServer.Bench")]
    [InlineData("InferenceServer.Caches.Redis")]
    [InlineData("InferenceServer.RemoteRepositories")]
    [InlineData("InferenceServer.Host")]
    public void NativeBuild_StaysPossible(string project) =>
        Assert.Equal("true", XDocument.Load(Path.Combine(Solution.Root, "src", project, project + ".csproj")).Descendants("IsAotCompatible").Single().Value);

    private static IEnumerable<Type> Types(string project) =>
        Solution.Load(project).GetTypes().Where(static type => type.Namespace?.StartsWith("InferenceServer", StringComparison.Ordinal) == true && !type.Name.StartsWith('<'));

    [GeneratedRegex(@"\[LoggerMessage\((?:EventId = )?(?<id>[0-9]+)")]
    private static partial Regex EventId();

    [GeneratedRegex(@"^(?:public|internal)\s[^;{(=]*?\b(?:class|struct|enum|interface|record(?:\s+struct)?)\s+(?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex TopLevelType();
}
