using System.IO.Abstractions;
using InferenceServer.Core.Repository;
using InferenceServer.Testing.Files;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Repository;

/// <summary>A scan reads nothing anew that has not changed, and everything that has, on a real file system.</summary>
public sealed class UnchangedModelsTests : IDisposable
{
    private static readonly DateTime s_longAgo = new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly TemporaryDirectory _folder = new();

    // Whatever the tests write has happened long ago.
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
    private readonly UnchangedModels _unchanged;
    private readonly RepositoryScanner _scanner;

    public UnchangedModelsTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "changes are told by what Linux says of files");
        _unchanged = new UnchangedModels(_time);
        _scanner = new RepositoryScanner(new FileSystem(), [Path.Combine(_folder.FullPath, "r")], [".onnx"], "named");
        Write("m/config.pbtxt", "max_batch_size: 4");
        Write("m/1/model.onnx", "weights");
        Write("m/1/deep/data.bin", "data");
        Write("m/labels.txt", "a");
        Write("m/warmup/input", "i");
        Write("m/configs/other.pbtxt", "");
        Write("bare.onnx", "weights");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatHasNotChanged_IsNotReadAnew()
    {
        var first = Scan();
        var second = Scan();
        Assert.Equal(["bare", "m"], second.Keys);
        Assert.Same(first["m"], second["m"]);
        Assert.Same(first["bare"], second["bare"]);
        Assert.Same(first["m"], Scan()["m"]);
    }

    /// <summary>Archives that are packed the same every time give every file the same times.</summary>
    [Theory]
    [InlineData("m/config.pbtxt", "max_batch_size: 8")]
    [InlineData("m/1/model.onnx", "WEIGHTS")]
    [InlineData("m/1/deep/data.bin", "DATA")]
    [InlineData("m/labels.txt", "b")]
    [InlineData("m/warmup/input", "j")]
    [InlineData("bare.onnx", "WEIGHTS")]
    public void FileOfTheSameLengthAndTime_IsReadAnew(string path, string content)
    {
        var full = Path.Combine(_folder.FullPath, "r", path);
        File.SetLastWriteTimeUtc(full, s_longAgo);
        var name = path.Split('/', '.')[0];
        var before = Scan();
        Assert.Same(before[name], Scan()[name]);
        File.WriteAllText(full, content);
        File.SetLastWriteTimeUtc(full, s_longAgo);
        var after = Scan();
        Assert.NotSame(before[name], after[name]);
        Assert.Same(after[name], Scan()[name]);
        if (path.EndsWith("config.pbtxt", StringComparison.Ordinal))
        {
            Assert.Equal("max_batch_size: 8"u8, after["m"].ConfigContent.Span);
            Assert.NotEqual(before["m"].Stamp, after["m"].Stamp);
        }
    }

    [Theory]
    [InlineData("m/1/more.bin")]
    [InlineData("m/1/deep/more.bin")]
    [InlineData("m/2/model.onnx")]
    [InlineData("m/initial_state/s")]
    [InlineData("m/warmup/more")]
    [InlineData("m/configs/named.pbtxt")]
    [InlineData("m/notes.txt")]
    public void WhatComesAndGoes_IsSeen(string path)
    {
        var before = Scan()["m"];
        Write(path, "x");
        var with = Scan()["m"];
        Assert.NotEqual(before.Stamp, with.Stamp);
        Assert.Same(with, Scan()["m"]);
        File.Delete(Path.Combine(_folder.FullPath, "r", path));
        Assert.NotSame(with, Scan()["m"]);
    }

    [Fact]
    public void ModelThatGoesAndComesBack_IsReadAnew()
    {
        var before = Scan()["m"];
        Directory.Move(Path.Combine(_folder.FullPath, "r", "m"), Path.Combine(_folder.FullPath, "away"));
        Assert.Equal(["bare"], Scan().Keys);
        Directory.Move(Path.Combine(_folder.FullPath, "away"), Path.Combine(_folder.FullPath, "r", "m"));
        Assert.NotSame(before, Scan()["m"]);
    }

    /// <summary>What a link leads to can change without the link.</summary>
    [Fact]
    public void ModelWithALink_IsReadEveryTime()
    {
        Write("data/config.pbtxt", "max_batch_size: 4");
        File.Delete(Path.Combine(_folder.FullPath, "r/m/config.pbtxt"));
        File.CreateSymbolicLink(Path.Combine(_folder.FullPath, "r/m/config.pbtxt"), "../data/config.pbtxt");
        var before = Scan()["m"];
        Write("data/config.pbtxt", "max_batch_size: 8");
        Assert.NotSame(before, Scan()["m"]);
        Assert.Equal("max_batch_size: 8"u8, Scan()["m"].ConfigContent.Span);
    }

    /// <summary>A file that is written to twice within a step of the file system's clock has the same time both times.</summary>
    [Fact]
    public void WhatHasJustBeenWritten_IsReadOnceMore()
    {
        var now = new UnchangedModels(new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        var first = _scanner.Scan(now).Models[0];
        Assert.NotSame(first, _scanner.Scan(now).Models[0]);
    }

    private SortedDictionary<string, ModelFolder> Scan() => new(_scanner.Scan(_unchanged).Models.ToDictionary(static model => model.Name), StringComparer.Ordinal);

    private void Write(string path, string content) => _folder.Write($"r/{path}", content);
}
