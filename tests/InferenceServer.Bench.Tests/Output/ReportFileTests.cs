using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Bench.Output;
using Xunit;

namespace InferenceServer.Bench.Tests.Output;

public sealed class ReportFileTests
{
    [Fact]
    public async Task WriteAsync_FileThatIsThere_IsReplacedAndNothingIsLeftBeside()
    {
        var files = new MockFileSystem(new Dictionary<string, MockFileData> { ["out/r.json"] = new("old") });

        await ReportFile.WriteAsync(files, "out/r.json", "new"u8.ToArray());

        Assert.Equal("new", files.File.ReadAllText("out/r.json"));
        Assert.Single(files.AllFiles);
    }

    [Fact]
    public async Task WriteAsync_ThatFails_LeavesTheOldFileAndNothingBeside()
    {
        var files = new MockFileSystem(new Dictionary<string, MockFileData> { ["out/r.json"] = new("old") { AllowedFileShare = FileShare.None } });

        await Assert.ThrowsAsync<BenchException>(() => ReportFile.WriteAsync(files, "out/r.json", "new"u8.ToArray()));

        Assert.Single(files.AllFiles);
    }

    [Fact]
    public void Problem_FolderThatIsThere_IsNone() => Assert.Null(ReportFile.Problem(new MockFileSystem(new Dictionary<string, MockFileData> { ["out/a"] = new("") }), "out/r.json"));

    [Theory]
    [InlineData("nowhere/r.json")]
    [InlineData("out")]
    public void Problem_NoFolderOrAFolder_IsSaid(string path) =>
        Assert.Contains($"'{path}'", ReportFile.Problem(new MockFileSystem(new Dictionary<string, MockFileData> { ["out/a"] = new("") }), path), StringComparison.Ordinal);
}
