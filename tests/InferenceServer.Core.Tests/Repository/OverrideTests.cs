using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Core.Repository;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Core.Tests.Repository;

public sealed class OverrideTests
{
    [Theory]
    [InlineData("1/model.onnx")]
    [InlineData("labels.txt")]
    [InlineData("1/weights/part.0/data.bin")]
    [InlineData("1/..model")]
    [InlineData("1/ä b")]
    public void Path_BelowTheFolder_IsTaken(string path) => Assert.Null(OverridePath.FindProblem(path));

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../x")]
    [InlineData("1/../../x")]
    [InlineData("1/..")]
    [InlineData("./x")]
    [InlineData("1//x")]
    [InlineData("1/")]
    [InlineData("1\\x")]
    [InlineData("C:x")]
    [InlineData("1/a\0b")]
    [InlineData("1/a\nb")]
    [InlineData("1/2/3/4/5/6/7/8/9")]
    [InlineData("config.pbtxt")]
    [InlineData("config.json")]
    public void Path_ThatLeadsElsewhere_IsRefused(string path) => Assert.NotNull(OverridePath.FindProblem(path));

    [Fact]
    public void Path_TooLong_IsRefused() => Assert.NotNull(OverridePath.FindProblem("1/" + new string('x', OverridePath.MaxLength)));

    /// <summary>File systems count bytes, not letters.</summary>
    [Theory]
    [InlineData('x', 255, true)]
    [InlineData('x', 256, false)]
    [InlineData('\u00fc', 127, true)]
    [InlineData('\u00fc', 128, false)]
    public void Name_OfAFile_HasAsManyBytesAsFileSystemsTake(char letter, int count, bool isTaken) =>
        Assert.Equal(isTaken, OverridePath.FindProblem("1/" + new string(letter, count)) is null);

    [Theory]
    [InlineData("digits", true)]
    [InlineData("a b.c", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData(".git", false)]
    [InlineData("a/b", false)]
    [InlineData("a\\b", false)]
    [InlineData("a\0", false)]
    public void Name_OfOneFolder_IsValid(string name, bool isValid) => Assert.Equal(isValid, ModelNames.IsValid(name));

    [Fact]
    public void Folders_AreDeletedOnceNothingUsesThemAnyMore()
    {
        using var folders = new OverrideFolders(new FileSystem());
        var first = folders.Write(Files(("1/model.onnx", "one"), ("labels.txt", "a")));
        var second = folders.Write(Files(("1/model.onnx", "two")));
        Assert.Equal("one", File.ReadAllText(Path.Combine(first, "1", "model.onnx")));
        Assert.Equal("two", File.ReadAllText(Path.Combine(second, "1", "model.onnx")));

        // The second is still on its way to the lifecycle.
        folders.HandOver(first);
        Assert.Empty(folders.TakeUnused([first, "/elsewhere"]));
        Assert.Equal([first], folders.TakeUnused([second]));
        folders.Erase(first);
        Assert.False(Directory.Exists(first));
        Assert.True(Directory.Exists(second));
        Assert.Empty(folders.TakeUnused([]));
        folders.HandOver(second);
        folders.DeleteUnlessHandedOver(second);
        Assert.Equal([second], folders.TakeUnused([]));
        Assert.True(folders.IsEmpty);
    }

    [Fact]
    public void FoldersOfAProcessThatWasKilled_AreDeletedAndThoseOfLivingOnesStay()
    {
        using var living = new OverrideFolders(new FileSystem());
        var inUse = living.Write(Files(("1/model.onnx", "one")));
        var left = Directory.CreateTempSubdirectory("inference-server-overrides-").FullName;
        Directory.CreateDirectory(Path.Combine(left, "0", "1"));
        File.WriteAllText(Path.Combine(left, "0", "1", "model.onnx"), "secret");
        File.WriteAllText(Path.Combine(left, ".lock"), "");
        using var folders = new OverrideFolders(new FileSystem());
        folders.Write(Files(("1/model.onnx", "two")));
        Assert.False(Directory.Exists(left));
        Assert.True(File.Exists(Path.Combine(inUse, "1", "model.onnx")));
    }

    [Fact]
    public void Folder_OfARequestThatIsRefused_GoesWithIt()
    {
        using var folders = new OverrideFolders(new FileSystem());
        var folder = folders.Write(Files(("1/model.onnx", "one")));
        folders.DeleteUnlessHandedOver(folder);
        Assert.False(Directory.Exists(folder));
        folders.Dispose();
        Assert.Throws<IOException>(() => folders.Write(Files(("1/model.onnx", "one"))));
    }

    [Fact]
    public void Folders_AreForTheServerAloneAndGoWithIt()
    {
        var folders = new OverrideFolders(new FileSystem());
        var folder = folders.Write(Files(("1/model.onnx", "one")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(folder)!));
        }

        folders.Dispose();
        Assert.False(Directory.Exists(Path.GetDirectoryName(folder)));
    }

    [Fact]
    public void Folder_ThatCannotBeWritten_LeavesNothing()
    {
        using var folders = new OverrideFolders(new FileSystem());
        Assert.ThrowsAny<IOException>(() => folders.Write([new("1", default), new("1/model.onnx", default)]));
        Assert.True(folders.IsEmpty);
    }

    [Fact]
    public void Scan_OfOneName_FindsFolderOrFileInAnyRepository()
    {
        using var left = new TemporaryDirectory();
        using var right = new TemporaryDirectory();
        left.Write("a/1/model.onnx", "x");
        right.Write("b.onnx", "x");
        right.Write("both/1/model.onnx", "x");
        right.Write("both.onnx", "x");
        right.Write(".hidden/1/model.onnx", "x");
        var scanner = new RepositoryScanner(new FileSystem(), [left.FullPath, right.FullPath], [".onnx"]);
        Assert.Equal(1, Assert.Single(scanner.Scan("a")!.Versions).Number);
        Assert.True(scanner.Scan("b")!.IsBareFile);
        Assert.Contains("two or more", scanner.Scan("both")!.Problem, StringComparison.Ordinal);
        Assert.Null(scanner.Scan("c"));
        Assert.Equal(["a", "b", "both"], scanner.ListNames().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Fingerprint_CountsTheFilesOfEachVersionForItself()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("a/1/model.onnx", "x");
        repository.Write("a/2/model.onnx", "x");
        repository.Write("a/labels.txt", "x");
        var scanner = new RepositoryScanner(new FileSystem(), [repository.FullPath], []);
        var before = scanner.Scan("a")!;
        repository.Write("a/2/model.onnx", "longer");
        var after = scanner.Scan("a")!;
        Assert.Equal(before.Versions[0].Fingerprint, after.Versions[0].Fingerprint);
        Assert.NotEqual(before.Versions[1].Fingerprint, after.Versions[1].Fingerprint);
        Assert.Equal(["labels.txt"], after.SharedFiles.Keys);
    }

    private static ImmutableDictionary<string, ReadOnlyMemory<byte>> Files(params (string Path, string Content)[] files) =>
        files.ToImmutableDictionary(static file => file.Path, static file => (ReadOnlyMemory<byte>)System.Text.Encoding.UTF8.GetBytes(file.Content));
}
