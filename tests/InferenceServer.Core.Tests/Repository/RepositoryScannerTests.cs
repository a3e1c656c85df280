using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using Xunit;

namespace InferenceServer.Core.Tests.Repository;

public sealed class RepositoryScannerTests
{
    private readonly MockFileSystem _files = new();

    [Fact]
    public void Folder_WithVersions_IsAModel()
    {
        Add("/r/digits/config.pbtxt", "max_batch_size: 8");
        Add("/r/digits/10/model.onnx", "x");
        Add("/r/digits/9/model.onnx", "x");
        Add("/r/digits/README.md", "x");
        var model = Assert.Single(Scan().Models);
        Assert.Equal("digits", model.Name);
        Assert.Equal([9, 10], model.Versions.Select(static version => version.Number));
        Assert.Equal("config.pbtxt", model.ConfigFileName);
        Assert.Equal("max_batch_size: 8"u8, model.ConfigContent.Span);
        Assert.Contains("model.onnx", model.Versions[0].Entries);
        Assert.Null(model.Problem);
    }

    [Fact]
    public void BareFile_IsAModelOfVersionOne()
    {
        Add("/r/resnet.onnx", "x");
        Add("/r/notes.txt", "x");
        var model = Assert.Single(Scan().Models);
        Assert.Equal("resnet", model.Name);
        Assert.True(model.IsBareFile);
        Assert.Equal(1, Assert.Single(model.Versions).Number);
        Assert.Equal("resnet.onnx", Assert.Single(model.Versions[0].Entries));
    }

    [Fact]
    public void OddVersionNames_AreLeftOutAndTold()
    {
        Add("/r/m/1/model.onnx", "x");
        Add("/r/m/02/model.onnx", "x");
        Add("/r/m/0/model.onnx", "x");
        Add("/r/m/99999999999999999999/model.onnx", "x");
        Add("/r/m/warmup/data", "x");
        var model = Assert.Single(Scan().Models);
        Assert.Equal([1], model.Versions.Select(static version => version.Number));
        Assert.Equal(["0", "02", "99999999999999999999"], model.OddEntries);
    }

    [Fact]
    public void HiddenFolders_AreNoModels()
    {
        Add("/r/.git/1/model.onnx", "x");
        Assert.Empty(Scan().Models);
    }

    [Fact]
    public void OneNameInTwoRepositories_IsRefusedByName()
    {
        Add("/r/m/1/model.onnx", "x");
        Add("/s/m/1/model.onnx", "x");
        Add("/s/n.onnx", "x");
        var models = Scan("/r", "/s").Models;
        Assert.Equal(["m", "n"], models.Select(static model => model.Name));
        Assert.Contains("two or more repositories", models[0].Problem, StringComparison.Ordinal);
        Assert.Null(models[1].Problem);
    }

    [Fact]
    public void TwoConfigurationFiles_AreRefused()
    {
        Add("/r/m/config.pbtxt", "");
        Add("/r/m/config.json", "{}");
        Add("/r/m/1/model.onnx", "x");
        Assert.Contains("config.pbtxt and config.json", Assert.Single(Scan().Models).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void HugeConfigurationFile_IsRefusedWithoutBeingRead()
    {
        Add("/r/m/config.pbtxt", new string(' ', RepositoryScanner.MaxConfigBytes + 1));
        Add("/r/m/1/model.onnx", "x");
        Assert.Contains("1048577 bytes", Assert.Single(Scan().Models).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void WantedVersion_ChangesWithEveryFileThatItUsesAndWithNothingElse()
    {
        Add("/r/m/config.pbtxt", """output { name: "Y" data_type: TYPE_FP32 dims: 2 label_filename: "labels.txt" }""");
        Add("/r/m/1/model.onnx", "x");
        Add("/r/m/labels.txt", "x");
        var first = Wanted();
        Add("/r/m/README.md", "x");
        Assert.True(Wanted().WantsSameAs(first));
        Add("/r/m/1/model.onnx", "xy");
        var second = Wanted();
        Assert.False(second.WantsSameAs(first));
        Add("/r/m/labels.txt", "xy");
        var third = Wanted();
        Assert.False(third.WantsSameAs(second));
        Add("/r/m/warmup/data", "x");
        var fourth = Wanted();
        Assert.False(fourth.WantsSameAs(third));
        Add("/r/m/config.pbtxt", """name: "m" output { name: "Y" data_type: TYPE_FP32 dims: 2 label_filename: "labels.txt" }""");
        var fifth = Wanted();
        Assert.False(fifth.WantsSameAs(fourth));

        // Another version or policy changes nothing about this one.
        Add("/r/m/config.pbtxt", """name: "m"  output { name: "Y" data_type: TYPE_FP32 dims: 2 label_filename: "labels.txt" } version_policy { specific { versions: 1 } }""");
        Add("/r/m/2/model.onnx", "x");
        Assert.True(Wanted().WantsSameAs(fifth));

        AspiredModel Wanted() => AspiredModels.From(Scan().Models[0], [new BackendDescriptor("onnxruntime") { ModelFilenames = ["model.onnx"], DescribesModels = true }]);
    }

    [Fact]
    public void LinkedFiles_AreMeasuredAndStampedByWhatTheyLeadTo()
    {
        // As a volume of Kubernetes is laid: the visible names are links, and an update changes what they lead to.
        using var folder = new Testing.Files.TemporaryDirectory();
        folder.Write("r/m/1/model.onnx", "x");
        var target = folder.Write("data/config.pbtxt", "max_batch_size: 8");
        File.CreateSymbolicLink(Path.Combine(folder.FullPath, "r/m/config.pbtxt"), target);
        var scanner = new RepositoryScanner(new System.IO.Abstractions.FileSystem(), [Path.Combine(folder.FullPath, "r")], [".onnx"], allowsLinks: true);
        var before = Assert.Single(scanner.Scan().Models);
        Assert.Equal("max_batch_size: 8"u8, before.ConfigContent.Span);
        folder.Write("data/config.pbtxt", "max_batch_size: 16");
        Assert.Equal("max_batch_size: 16"u8, scanner.Scan().Models[0].ConfigContent.Span);
        folder.Write("data/config.pbtxt", new string(' ', RepositoryScanner.MaxConfigBytes + 1));
        Assert.Contains("1048577 bytes", scanner.Scan().Models[0].Problem, StringComparison.Ordinal);
    }

    private void Add(string path, string content) => _files.AddFile(path, new MockFileData(content));

    private RepositorySnapshot Scan(params string[] repositories) =>
        new RepositoryScanner(_files, repositories.Length == 0 ? ["/r"] : repositories, [".onnx"]).Scan();
}
