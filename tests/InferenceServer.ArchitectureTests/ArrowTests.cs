using Xunit;

namespace InferenceServer.ArchitectureTests;

/// <summary>Who may know whom: Host → everything; Protocols.*, Caches.* and RemoteRepositories → Core → Abstractions; Backends.* → Abstractions only; Bench → nothing of the server.</summary>
public sealed class ArrowTests
{
    private const string Abstractions = "InferenceServer.Abstractions";
    private const string Core = "InferenceServer.Core";
    private const string Bench = "InferenceServer.Bench";
    private const string Host = "InferenceServer.Host";
    private const string Remote = "InferenceServer.RemoteRepositories";

    public static TheoryData<string> Projects => [.. Solution.SourceProjects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_RefersOnlyToWhatItMayKnow(string project)
    {
        string[] allowed = project switch
        {
            Abstractions or Bench => [],
            Core => [Abstractions],
            Remote => [Core],
            Host => [.. Solution.SourceProjects.Where(static name => name != Host)],
            _ when project.StartsWith("InferenceServer.Backends.", StringComparison.Ordinal) => [Abstractions],
            _ when project.StartsWith("InferenceServer.Protocols.", StringComparison.Ordinal) || project.StartsWith("InferenceServer.Caches.", StringComparison.Ordinal) => [Core],
            _ => throw new InvalidOperationException($"the design has no room for the project {project}"),
        };
        Assert.All(Solution.ProjectReferences(project), reference => Assert.Contains(reference, allowed));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Assembly_UsesOnlyWhatItMayKnow(string project)
    {
        // What a project sees through another project's back shows in the compiled references.
        var used = Solution.Load(project).GetReferencedAssemblies().Select(static name => name.Name!).Where(static name => name.StartsWith("InferenceServer.", StringComparison.Ordinal));
        string[] forbidden = project switch
        {
            Host => [],
            Bench => Solution.SourceProjects,
            _ when project.StartsWith("InferenceServer.Protocols.", StringComparison.Ordinal) || project.StartsWith("InferenceServer.Caches.", StringComparison.Ordinal) => [.. Solution.SourceProjects.Except([Abstractions, Core])],
            Remote => [.. Solution.SourceProjects.Except([Abstractions, Core])],
            Core => [.. Solution.SourceProjects.Except([Abstractions])],
            _ => [.. Solution.SourceProjects.Except([Abstractions])],
        };
        Assert.All(used, name => Assert.DoesNotContain(name, forbidden));
    }

    [Fact]
    public void Abstractions_UseTheBaseClassLibraryOnly()
    {
        Assert.Empty(Solution.PackageReferences(Abstractions));
        Assert.All(Solution.Load(Abstractions).GetReferencedAssemblies(), static name => Assert.StartsWith("System.", name.Name, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void OnlyTheHost_SeesPrometheusAndSerilog(string project)
    {
        var used = Solution.Load(project).GetReferencedAssemblies().Select(static name => name.Name!)
            .Where(static name => name.StartsWith("Prometheus", StringComparison.Ordinal) || name.StartsWith("Serilog", StringComparison.Ordinal));
        Assert.Equal(project == Host, used.Any());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void OnlyRemoteRepositories_SeeTheSdksOfStores(string project)
    {
        var used = Solution.Load(project).GetReferencedAssemblies().Select(static name => name.Name!)
            .Where(static name => name.StartsWith("AWSSDK.", StringComparison.Ordinal) || name.StartsWith("Azure.", StringComparison.Ordinal));
        Assert.Equal(project == Remote, used.Any());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void OnlyItsOwnProject_SeesTheClientOfRedis(string project)
    {
        var used = Solution.Load(project).GetReferencedAssemblies().Select(static name => name.Name!).Where(static name => name.StartsWith("StackExchange.", StringComparison.Ordinal));
        Assert.Equal(project == "InferenceServer.Caches.Redis", used.Any());
    }

    [Fact]
    public void Core_KnowsNoWebServerAndNoEngine() =>
        Assert.All(Solution.Load(Core).GetReferencedAssemblies(), static name =>
        {
            Assert.DoesNotContain("AspNetCore", name.Name!, StringComparison.Ordinal);
            Assert.DoesNotContain("OnnxRuntime", name.Name!, StringComparison.Ordinal);
        });

    [Fact]
    public void FrontEnds_SeeNoEngine() =>
        Assert.All(Solution.SourceProjects.Where(static name => name.StartsWith("InferenceServer.Protocols.", StringComparison.Ordinal)), static project =>
            Assert.All(Solution.Load(project).GetReferencedAssemblies(), static name => Assert.DoesNotContain("OnnxRuntime", name.Name!, StringComparison.Ordinal)));
}
