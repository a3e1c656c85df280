using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Host.Plugins;
using Xunit;

namespace InferenceServer.Host.Tests.Plugins;

public sealed class BackendFolderReaderTests
{
    private readonly MockFileSystem _files = new();

    [Fact]
    public void Read_FoldersByName_AndNothingElse()
    {
        Add("b");
        Add("a");
        _files.AddFile("/backends/readme.txt", new MockFileData("x"));
        _files.AddDirectory("/backends/.cache");
        var found = Read();
        Assert.Equal(["a", "b"], found.Select(static one => one.Name));
        Assert.All(found, static one => Assert.Null(one.Problem));
    }

    [Fact]
    public void Read_DirectoryThatIsNotThere_HasNoBackends() => Assert.Empty(new BackendFolderReader(_files, [], loadsCode: true).Read("/nowhere"));

    [Fact]
    public void Read_FolderThatIsBroken_NamesItselfAndLeavesTheOthers()
    {
        Add("good");
        _files.AddDirectory("/backends/empty");
        Add("renamed", manifest: """{"name": "other", "assembly": "x.dll", "type": "X"}""");
        Add("lonely", manifest: """{"name": "lonely", "assembly": "gone.dll", "type": "X"}""");
        Add("wrong", manifest: "{");
        Add("long", manifest: new string(' ', BackendManifestReader.MaxLength + 1));
        Add("builtin");
        Add("twin", manifest: """{"name": "twin", "assembly": "x.dll", "type": "X", "platform": "builtin_platform"}""");
        var found = Read().ToDictionary(static one => one.Name);
        Assert.Null(found["good"].Problem);
        Assert.Equal("it has no backend.json", found["empty"].Problem);
        Assert.Contains("'name' must be that of the folder, 'renamed', got 'other'", found["renamed"].Problem, StringComparison.Ordinal);
        Assert.Contains("names 'gone.dll', which is not in the folder", found["lonely"].Problem, StringComparison.Ordinal);
        Assert.StartsWith("backend.json: ", found["wrong"].Problem, StringComparison.Ordinal);
        Assert.Contains("more than 65536 bytes", found["long"].Problem, StringComparison.Ordinal);
        Assert.True(found["builtin"].IsShadowed);
        Assert.Contains("is that of backend 'builtin'", found["twin"].Problem, StringComparison.Ordinal);
        Assert.Equal("twin", found["twin"].Descriptor.Name);
    }

    [Fact]
    public void Read_ForProgramThatCannotLoadCode_SaysSoAndKnowsTheModelsStill()
    {
        Add("good", manifest: """{"name": "good", "assembly": "x.dll", "type": "X", "model_files": ["model.x"]}""");
        var folder = Assert.Single(Read(loadsCode: false));
        Assert.Equal(BackendCode.NativeProblem, folder.Problem);
        Assert.Equal(["model.x"], folder.Descriptor.ModelFilenames);
    }

    private System.Collections.Immutable.ImmutableArray<BackendFolder> Read(bool loadsCode = true) => new BackendFolderReader(_files, [new BackendDescriptor("builtin") { Platform = "builtin_platform" }], loadsCode).Read("/backends");

    private void Add(string name, string? manifest = null)
    {
        _files.AddFile($"/backends/{name}/x.dll", new MockFileData("x"));
        _files.AddFile($"/backends/{name}/backend.json", new MockFileData(manifest ?? $$"""{"name": "{{name}}", "assembly": "x.dll", "type": "X"}"""));
    }
}
