using InferenceServer.Core.Mirrors;
using Xunit;

namespace InferenceServer.Core.Tests.Mirrors;

/// <summary>What is seen of a store in the folder that is scanned.</summary>
public sealed class RepositoryMirrorTests : IDisposable
{
    private readonly MirrorFixture _mirror = new();

    private ScriptedRepository Store => _mirror.Store;

    public void Dispose() => _mirror.Dispose();

    [Fact]
    public async Task Models_AreFoundAsInAFolder()
    {
        Store.Put("a/config.pbtxt", "x");
        Store.Put("a/1/model.onnx", "one");
        Store.Put("a/2/deep/er/file", "two");
        Store.Put("a/2/", "");
        Store.Put("b.onnx", "bare");
        Store.Put("README.md", "no model");
        Store.Put(".git/config", "no model");
        Store.Put("marker/", "");
        await _mirror.FetchAllAsync();
        Assert.Equal(["a 1,2", "b 1"], _mirror.Scan());
        Assert.Equal(("one", "two", "bare"), (_mirror.Read("a/1/model.onnx"), _mirror.Read("a/2/deep/er/file"), _mirror.Read("b.onnx")));
        Assert.DoesNotContain("README.md", Store.Opened);
        Assert.DoesNotContain(".git/config", Store.Opened);
    }

    [Fact]
    public async Task EmptyStore_IsAnEmptyRepository()
    {
        await _mirror.FetchAllAsync();
        Assert.Empty(_mirror.Scan());
    }

    [Fact]
    public async Task UnchangedObjects_AreNeverDownloadedAgain()
    {
        Store.Put("a/config.pbtxt", "x");
        Store.Put("a/1/model.onnx", "one");
        Store.Put("a/1/weights", "heavy");
        await _mirror.FetchAllAsync();
        Assert.Equal(3, Store.Opened.Count);
        await _mirror.FetchAllAsync();
        Assert.Equal(3, Store.Opened.Count);

        // Another version, another file and another content: what was there stays.
        Store.Opened.Clear();
        Store.Put("a/2/model.onnx", "two");
        Store.Put("a/1/model.onnx", "eins");
        Store.Put("a/labels.txt", "l");
        await _mirror.FetchAllAsync();
        Assert.Equal(["a/1/model.onnx", "a/2/model.onnx", "a/labels.txt"], Store.Opened.Order(StringComparer.Ordinal));
        Assert.Equal(("eins", "heavy", "two"), (_mirror.Read("a/1/model.onnx"), _mirror.Read("a/1/weights"), _mirror.Read("a/2/model.onnx")));
    }

    [Fact]
    public async Task RestartWithTheSameFolder_DownloadsWhatHasChangedAlone()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("b/1/model.onnx", "two");
        await _mirror.FetchAllAsync();
        Store.Opened.Clear();
        Store.Put("b/1/model.onnx", "zwei");
        Store.Put("c/1/model.onnx", "three");
        _mirror.Start();
        await _mirror.FetchAllAsync();
        Assert.Equal(["b/1/model.onnx", "c/1/model.onnx"], Store.Opened.Order(StringComparer.Ordinal));
        Assert.Equal(["a 1", "b 1", "c 1"], _mirror.Scan());
        Assert.Equal(("one", "zwei"), (_mirror.Read("a/1/model.onnx"), _mirror.Read("b/1/model.onnx")));
    }

    [Fact]
    public async Task CrashInTheMiddle_LeavesNothingThatIsTakenForWhole()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("b/1/model.onnx", "two");
        await _mirror.FetchAllAsync();
        _mirror.Mirrors.Dispose();

        // A unit without its manifest, one whose file was cut short, and what was being written.
        var units = _mirror.Units();
        var cut = units.First(static unit => File.Exists(Path.Combine(unit, "1", "model.onnx")) && File.ReadAllText(Path.Combine(unit, "1", "model.onnx")) == "one");
        File.WriteAllText(Path.Combine(cut, "1", "model.onnx"), "");
        File.Delete(Path.Combine(units.First(static unit => File.Exists(Path.Combine(unit, "1", "model.onnx")) && File.ReadAllText(Path.Combine(unit, "1", "model.onnx")) == "two"), ".manifest"));
        Directory.CreateDirectory(Path.Combine(_mirror.Mirror.Root, "tmp", "7", "1"));
        Store.Opened.Clear();
        _mirror.Start();
        await _mirror.FetchAllAsync();
        Assert.Equal(["a/1/model.onnx", "b/1/model.onnx"], Store.Opened.Order(StringComparer.Ordinal));
        Assert.Equal(("one", "two"), (_mirror.Read("a/1/model.onnx"), _mirror.Read("b/1/model.onnx")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_mirror.Mirror.Root, "tmp")));
    }

    [Fact]
    public async Task GoneModel_GoesWithItsFiles()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("b.onnx", "two");
        await _mirror.FetchAllAsync();
        Store.Delete("a/1/model.onnx");
        Store.Delete("b.onnx");
        await _mirror.FetchAllAsync();
        Assert.Empty(_mirror.Scan());
        Assert.Empty(_mirror.Units());
    }

    [Fact]
    public async Task HalfAModel_IsNeverSeen()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("a/1/weights", "old");
        await _mirror.FetchAllAsync();
        Store.Put("a/1/model.onnx", "eins");
        Store.Put("a/1/weights", "new");
        Store.Put("a/2/model.onnx", "two");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Store.OnOpen = key => key == "a/2/model.onnx" ? gate.Task : Task.CompletedTask;
        var before = _mirror.Scanner.Scan().Models[0];
        var fetching = _mirror.FetchAllAsync();
        while (!Store.Opened.Contains("a/2/model.onnx"))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.Equal(before.Stamp, _mirror.Scanner.Scan().Models[0].Stamp);
        Assert.Equal(("one", "old"), (_mirror.Read("a/1/model.onnx"), _mirror.Read("a/1/weights")));
        gate.SetResult();
        await fetching;
        Assert.Equal(["a 1,2"], _mirror.Scan());
        Assert.Equal(("eins", "new"), (_mirror.Read("a/1/model.onnx"), _mirror.Read("a/1/weights")));

        // Whoever has begun to load what was there before still finds it, until the next change.
        Assert.Equal("old", File.ReadAllText(Path.Combine(before.Versions[0].Path, "weights")));
    }

    [Fact]
    public async Task OtherContentOfTheSameLengthInTheSameSecond_IsAnotherVersion()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("a/labels.txt", "abc");
        Store.Put("b/1/model.onnx", "one");
        await _mirror.FetchAllAsync();
        var before = _mirror.Scanner.Scan().Models;
        Store.Put("a/1/model.onnx", "two");
        await _mirror.FetchAllAsync();
        var after = _mirror.Scanner.Scan().Models;
        Assert.NotEqual(before[0].Versions[0].Fingerprint, after[0].Versions[0].Fingerprint);
        Assert.Equal(before[0].SharedFiles, after[0].SharedFiles);
        Assert.Equal(before[1].Stamp, after[1].Stamp);
        Store.Put("a/labels.txt", "xyz");
        await _mirror.FetchAllAsync();
        var last = _mirror.Scanner.Scan().Models;
        Assert.Equal(after[0].Versions[0].Fingerprint, last[0].Versions[0].Fingerprint);
        Assert.NotEqual(after[0].SharedFiles["labels.txt"], last[0].SharedFiles["labels.txt"]);
    }

    [Fact]
    public async Task FileThatBecomesAFolder_AndBack_IsFollowed()
    {
        Store.Put("a.onnx", "bare");
        await _mirror.FetchAllAsync();
        Store.Delete("a.onnx");
        Store.Put("a/1/model.onnx", "one");
        await _mirror.FetchAllAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
        Assert.Equal("one", _mirror.Read("a/1/model.onnx"));
        Store.Put("a.onnx", "bare");
        await _mirror.FetchAllAsync();
        Assert.Equal(["a model appears as a folder and as a file"], _mirror.Scan());
        Store.Delete("a/1/model.onnx");
        await _mirror.FetchAllAsync();
        Assert.Equal("bare", _mirror.Read("a.onnx"));
        Assert.Equal(["a 1"], _mirror.Scan());
    }

    [Fact]
    public async Task Explicit_DownloadsThatModelAlone()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("ab/1/model.onnx", "two");
        Store.Put("a.onnx.txt", "no model");
        Store.Put("c.onnx", "three");
        Assert.Null(await _mirror.FetchAsync("a"));
        Assert.Null(await _mirror.FetchAsync("nowhere"));
        Assert.Equal(["a/1/model.onnx"], Store.Opened);
        Assert.Equal(["a 1"], _mirror.Scan());
        Assert.Equal(["a", "ab", "c"], (await _mirror.Mirrors.ListNamesAsync()).Select(static one => one.Name).Order(StringComparer.Ordinal));
        Assert.Null(await _mirror.FetchAsync("c"));
        Assert.Equal(["a 1", "c 1"], _mirror.Scan());

        // Another start knows what it need not download, and links nothing that is not asked for.
        Store.Opened.Clear();
        _mirror.Start();
        await _mirror.FetchAsync("a");
        Assert.Equal(["a 1"], _mirror.Scan());
        Assert.Empty(Store.Opened);
        Store.Delete("a/1/model.onnx");
        await _mirror.FetchAsync("a");
        Assert.Empty(_mirror.Scan());
    }

    [Fact]
    public async Task FolderInUse_IsRefused()
    {
        await _mirror.FetchAllAsync();
        using var second = new RepositoryMirrors([Store], _mirror.Setup);
        var failure = await Assert.ThrowsAsync<IOException>(() => second.FetchAllAsync(TestContext.Current.CancellationToken));
        Assert.Contains("another server", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TemporaryFolder_IsPrivateAndGoesWithTheProcess()
    {
        Store.Put("a/1/model.onnx", "one");
        string root;
        using (var mirrors = new RepositoryMirrors([Store], _mirror.Setup with { Options = new MirrorOptions() }))
        {
            await mirrors.FetchAllAsync(TestContext.Current.CancellationToken);
            root = Path.GetDirectoryName(mirrors.Mirrors[0].Root)!;
            Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(mirrors.Mirrors[0].Folder, "a", "1", "model.onnx"), TestContext.Current.CancellationToken));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(root));
            }
        }

        Assert.False(Directory.Exists(root));
    }
}
