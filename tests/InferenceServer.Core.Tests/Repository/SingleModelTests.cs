using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Core.Repository;
using Xunit;

namespace InferenceServer.Core.Tests.Repository;

/// <summary>One model in a folder that somebody else has filled, under a name that is given.</summary>
public sealed class SingleModelTests
{
    private readonly MockFileSystem _files = new();

    public SingleModelTests() => _files.AddDirectory("/mnt/models");

    [Theory]
    [InlineData("/mnt/models/1/model.onnx", "/mnt/models", false, "1")]
    [InlineData("/mnt/models/3/model.onnx;/mnt/models/7/model.onnx;/mnt/models/config.pbtxt", "/mnt/models", false, "3,7")]
    [InlineData("/mnt/models/resnet/2/model.onnx;/mnt/models/resnet/config.pbtxt;/mnt/models/README.md", "/mnt/models/resnet", false, "2")]
    [InlineData("/mnt/models/downloaded.onnx;/mnt/models/README.md", "/mnt/models/downloaded.onnx", true, "1")]
    [InlineData("/mnt/models/model.onnx;/mnt/models/config.pbtxt", "/mnt/models", false, "1")]
    [InlineData("/mnt/models/model.onnx;/mnt/models/other.onnx", "/mnt/models", false, "1")]
    [InlineData("/mnt/models/model.txt", "/mnt/models", false, "1")]
    [InlineData("/mnt/models/a/1/model.onnx;/mnt/models/b/1/model.onnx", "/mnt/models", false, "1")]
    [InlineData("/mnt/models/lost+found/x;/mnt/models/resnet/1/model.onnx", "/mnt/models/resnet", false, "1")]
    public void Scan_OfWhatMayLieThere_FindsOneModelOfTheGivenName(string paths, string path, bool isBareFile, string versions)
    {
        foreach (var file in paths.Split(';'))
        {
            _files.AddFile(file, new MockFileData("x"));
        }

        var model = Assert.Single(Scan("digits").Scan().Models);

        Assert.Equal("digits", model.Name);
        Assert.True(model.HasGivenName);
        Assert.Null(model.Problem);
        Assert.Equal((path, isBareFile), (model.Path, model.IsBareFile));
        Assert.Equal(versions, string.Join(',', model.Versions.Select(static version => version.Number)));
    }

    [Fact]
    public void Scan_ByName_FindsItByThatNameAlone()
    {
        _files.AddFile("/mnt/models/resnet/2/model.onnx", new MockFileData("x"));
        var scanner = Scan("digits");

        Assert.Equal("/mnt/models/resnet", scanner.Scan("digits")!.Path);
        Assert.Null(scanner.Scan("resnet"));
        Assert.Equal(["digits"], scanner.ListNames());
    }

    [Fact]
    public void Scan_BesideARepository_FindsBoth_AndTellsOfTheSameNameTwice()
    {
        _files.AddFile("/r/wine/1/model.onnx", new MockFileData("x"));
        _files.AddFile("/mnt/models/model.onnx", new MockFileData("x"));

        Assert.Equal(["digits", "wine"], Scan("digits", "/r").Scan().Models.Select(static model => model.Name));
        Assert.NotNull(Assert.Single(Scan("wine", "/r").Scan().Models).Problem);
    }

    private RepositoryScanner Scan(string name, params string[] repositories) => new(_files, repositories, [".onnx"], single: new SingleModel("/mnt/models", name));
}
