using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using Xunit;

namespace InferenceServer.Core.Tests.Namespaces;

public sealed class NamespacedScanTests
{
    private static readonly BackendDescriptor[] s_backends = [new("onnxruntime") { ModelFilenames = ["model.onnx"], BareFileExtension = ".onnx", DescribesModels = true }];

    private readonly MockFileSystem _files = new();

    [Fact]
    public void OneNameInTwoRepositories_IsTwoModels()
    {
        Add("/r/east/m/1/model.onnx");
        Add("/r/west/m/2/model.onnx");
        Add("/r/west/n.onnx");
        var models = Scanner().Scan().Models;
        Assert.Equal(["east::m 1", "west::m 2", "west::n 1"], models.Select(static model => $"{model.Name} {model.Versions.Single().Number}"));
        Assert.Equal(["m", "m", "n"], models.Select(static model => model.FolderName));
        Assert.All(models, static model => Assert.Null(model.Problem));
        Assert.Equal(["east::m", "west::m", "west::n"], Scanner().ListNames().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void OneName_IsReadOfItsRepositoryAlone()
    {
        Add("/r/east/m/1/model.onnx");
        Add("/r/west/m/2/model.onnx");
        var scanner = Scanner();
        Assert.Equal("/r/west/m", scanner.Scan("west::m")!.Path);
        Assert.Equal("/r/east/m", scanner.Scan("east::m")!.Path);
        Assert.Null(scanner.Scan("m"));
        Assert.Null(scanner.Scan("north::m"));
        Assert.Null(scanner.Scan("east::n"));
        Assert.Equal(["east::m", "west::m"], scanner.FindNames("m"));
        Assert.Empty(scanner.FindNames("n"));
    }

    [Fact]
    public void FolderAndFileOfOneNameInOneRepository_AreRefused()
    {
        Add("/r/east/m/1/model.onnx");
        Add("/r/east/m.onnx");
        Add("/r/west/m.onnx");
        var models = Scanner().Scan().Models;
        Assert.Equal(["east::m", "west::m"], models.Select(static model => model.Name));
        Assert.Contains("as a folder and as a file", models[0].Problem, StringComparison.Ordinal);
        Assert.Null(models[1].Problem);
        Assert.Equal(models[0].Problem, Scanner().Scan("east::m")!.Problem);
        Assert.Equal(["east::m", "west::m"], Scanner().FindNames("m"));
    }

    [Theory]
    [InlineData("a::b")]
    [InlineData("::b")]
    public void FolderWithASeparatorInItsName_HasAProblem_WhereThereAreNamespaces(string folder)
    {
        Add($"/r/east/{folder}/1/model.onnx");
        var model = Assert.Single(Scanner().Scan().Models);
        Assert.Equal("east::" + folder, model.Name);
        Assert.Contains($"'{folder}' has a '::'", model.Problem, StringComparison.Ordinal);
        Assert.Equal(model.Problem, Scanner().Scan(model.Name)!.Problem);
        var plain = Assert.Single(new RepositoryScanner(_files, ["/r/east"], [".onnx"]).Scan().Models);
        Assert.Equal((folder, null), (plain.Name, plain.Problem));
    }

    [Fact]
    public void NameThatTheNamespaceMakesTooLong_HasAProblem()
    {
        Add($"/r/east/{new string('m', 250)}/1/model.onnx");
        Assert.Contains("256 characters", Assert.Single(Scanner().Scan().Models).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m", true)]
    [InlineData("east::m", true)]
    [InlineData("west::m", false)]
    [InlineData("n", false)]
    public void NameInTheConfiguration_IsThatOfTheFolder(string name, bool isRight)
    {
        Add("/r/east/m/1/model.onnx");
        _files.AddFile("/r/east/m/config.pbtxt", new MockFileData($"name: \"{name}\""));
        var model = AspiredModels.From(Scanner().Scan("east::m")!, s_backends);
        Assert.Equal("east::m", model.Name);
        if (isRight)
        {
            Assert.Equal("east::m", Assert.Single(model.Versions).Config.Name);
        }
        else
        {
            Assert.Contains($"name is '{name}', but the model's folder is 'm'", model.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void FilesOfARequest_AreAModelOfItsName()
    {
        Add("/tmp/1/model.onnx");
        var model = AspiredModels.From(Scanner().ReadOutside("east::m", "/tmp"), ModelConfigDocument.ReadJson("config", """{"name":"m"}"""u8.ToArray()), s_backends);
        Assert.Null(model.Problem);
        Assert.Equal("east::m", model.Name);
    }

    private void Add(string path) => _files.AddFile(path, new MockFileData("x"));

    private RepositoryScanner Scanner()
    {
        _files.AddDirectory("/r/east");
        _files.AddDirectory("/r/west");
        return new RepositoryScanner(_files, ["/r/east", "/r/west"], [".onnx"], namespaceOf: folder => ModelNamespaces.OfFolder(_files, folder));
    }
}
