using InferenceServer.Core.Mirrors;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Mirrors;

/// <summary>Stores that fail, lie, or change under the reader's hands; keys and sizes that must not get anywhere.</summary>
public sealed class MirrorFailureTests : IDisposable
{
    private readonly MirrorFixture _mirror = new();

    private ScriptedRepository Store => _mirror.Store;

    public void Dispose() => _mirror.Dispose();

    [Theory]
    [InlineData("a/../../../evil", "'..'")]
    [InlineData("a/1/../x", "'..'")]
    [InlineData("a//evil", "empty part")]
    [InlineData("a/1/./x", "'.'")]
    [InlineData("a/1/..\\..\\evil", "'\\'")]
    [InlineData("a/1/x\0y", "control character")]
    [InlineData("a/1/x\ny", "control character")]
    [InlineData("a/1/x\u0085y", "control character")]
    [InlineData("a/1/folder/", "empty part")]
    [InlineData("a/1/model.onnx/inner", "a file and a folder at once")]
    public async Task HostileKey_IsAProblemOfItsModelAlone(string key, string reason)
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put(key, "evil");
        Store.Put("b/1/model.onnx", "two");
        await _mirror.FetchAllAsync();
        var found = _mirror.Scan();
        Assert.Equal(2, found.Length);
        Assert.Contains(reason, found[0], StringComparison.Ordinal);
        Assert.DoesNotContain(found[0], char.IsControl);
        Assert.Equal("b 1", found[1]);
        Assert.Equal(["b/1/model.onnx"], Store.Opened);
        Assert.Empty(_mirror.FilesOutside());
    }

    [Theory]
    [InlineData("../evil/1/model.onnx")]
    [InlineData("/evil/1/model.onnx")]
    [InlineData("..")]
    [InlineData(".hidden/1/model.onnx")]
    [InlineData("x\\y/1/model.onnx")]
    [InlineData("x\ny/1/model.onnx")]
    [InlineData("..onnx")]
    public async Task KeyThatBelongsToNoModel_IsPassedOver(string key)
    {
        Store.Put(key, "evil");
        Store.Put("b/1/model.onnx", "two");
        await _mirror.FetchAllAsync();
        Assert.Equal(["b 1"], _mirror.Scan());
        Assert.Equal(["b/1/model.onnx"], Store.Opened);
        Assert.Empty(_mirror.FilesOutside());
    }

    [Fact]
    public async Task KeysThatAreTooDeepOrTooLong_AreRefused()
    {
        Store.Put("a/1/" + string.Join('/', Enumerable.Repeat("d", 17)) + "/x", "x");
        Store.Put("b/1/" + new string('é', 128), "x");
        Store.Put("c/1/" + string.Join('/', Enumerable.Repeat(new string('n', 200), 6)), "x");
        await _mirror.FetchAllAsync();
        var found = _mirror.Scan();
        Assert.Contains("deeper than 16 folders", found[0], StringComparison.Ordinal);
        Assert.Contains("more than 255 bytes", found[1], StringComparison.Ordinal);
        Assert.Contains("expected at most 1024", found[2], StringComparison.Ordinal);
        Assert.Empty(Store.Opened);
    }

    [Fact]
    public async Task TooManyObjects_AreNotListedToTheEnd()
    {
        _mirror.Options = _mirror.Options with { MaxObjects = 2 };
        _mirror.Start();
        Store.Put("a/1/x", "x");
        Store.Put("a/1/y", "y");
        await _mirror.FetchAllAsync();
        Store.Put("a/1/z", "z");
        var failure = await Assert.ThrowsAsync<RemoteRepositoryException>(_mirror.FetchAllAsync);
        Assert.Contains("more than 2 objects", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelThatIsTooLarge_IsRefusedAndTheOthersServe()
    {
        _mirror.Options = _mirror.Options with { MaxBytes = 100 };
        _mirror.Start();
        Store.Put("a/1/model.onnx", new string('a', 60));
        await _mirror.FetchAllAsync();
        Store.Put("b/1/model.onnx", new string('b', 60));
        await _mirror.FetchAllAsync();
        var found = _mirror.Scan();
        Assert.Equal("a 1", found[0]);
        Assert.Contains("60 more bytes of the cache of remote repositories, which has 40 of 100 left (--repository-cache-max-bytes)", found[1], StringComparison.Ordinal);

        // Room that becomes free is used.
        Store.Delete("a/1/model.onnx");
        await _mirror.FetchAllAsync();
        Assert.Equal(["b 1"], _mirror.Scan());
    }

    [Fact]
    public async Task CopiesOfModelsThatAreNotLoaded_MakeRoom()
    {
        _mirror.Options = _mirror.Options with { MaxBytes = 100 };
        _mirror.Start();
        Store.Put("a/1/model.onnx", new string('a', 60));
        Store.Put("b/1/model.onnx", new string('b', 60));
        await _mirror.FetchAsync("a");
        _mirror.Start();
        await _mirror.FetchAsync("b");
        Assert.Equal(["b 1"], _mirror.Scan());
        await _mirror.FetchAsync("a");
        Assert.Contains("--repository-cache-max-bytes", _mirror.Scan()[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task CopiesOfModelsThatHaveBeenUnloaded_MakeRoom()
    {
        _mirror.Options = _mirror.Options with { MaxBytes = 100 };
        _mirror.Start();
        Store.Put("a/1/model.onnx", new string('a', 60));
        Store.Put("b/1/model.onnx", new string('b', 60));
        await _mirror.FetchAsync("a");
        await _mirror.FetchAsync("b");
        Assert.Contains("--repository-cache-max-bytes", _mirror.Scan()[1], StringComparison.Ordinal);
        await _mirror.Mirrors.ReleaseAsync(null, "a");
        Assert.NotEmpty(_mirror.Units());

        // Nobody needed the room yet: nothing is downloaded again.
        await _mirror.FetchAsync("a");
        Assert.Equal("a 1", _mirror.Scan()[0]);
        Assert.Single(Store.Opened, static key => key.StartsWith('a'));
        await _mirror.Mirrors.ReleaseAsync(null, "a");
        await _mirror.FetchAsync("b");
        Assert.Equal(["b 1"], _mirror.Scan());
    }

    [Fact]
    public async Task CopyThatCannotBeDeleted_EndsNothing_AndIsTriedAgain()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("b/1/model.onnx", "two");
        await _mirror.FetchAllAsync();
        Store.Delete("a/1/model.onnx");

        // A folder in the place of the link cannot be deleted as a link.
        File.Delete(Path.Combine(_mirror.Mirror.Folder, "a"));
        Directory.CreateDirectory(Path.Combine(_mirror.Mirror.Folder, "a", "x"));
        await _mirror.FetchAllAsync();
        Assert.Contains("cannot be deleted", _mirror.Mirror.Problems["a"], StringComparison.Ordinal);
        Directory.Delete(Path.Combine(_mirror.Mirror.Folder, "a"), recursive: true);
        await _mirror.FetchAllAsync();
        Assert.Equal(["b 1"], _mirror.Scan());
        Assert.Empty(_mirror.Mirror.Problems);
    }

    [Fact]
    public void CopiesOfRepositoriesThatAreConfiguredNoMore_Go()
    {
        var old = Directory.CreateDirectory(Path.Combine(_mirror.CacheFolder, new string('a', 32), "units")).Parent!;
        var foreign = Directory.CreateDirectory(Path.Combine(_mirror.CacheFolder, "mine", "units")).Parent!;
        var other = Directory.CreateDirectory(Path.Combine(_mirror.CacheFolder, new string('b', 32)));
        using var folder = new MirrorFolder(new System.IO.Abstractions.FileSystem(), _mirror.CacheFolder);
        folder.Open();
        folder.Tidy(new HashSet<string>(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.False(old.Exists && Directory.Exists(old.FullName));
        Assert.True(Directory.Exists(foreign.FullName));
        Assert.True(Directory.Exists(other.FullName));
    }

    [Fact]
    public async Task FailureThatPasses_IsTriedAgain()
    {
        Store.Put("a/1/model.onnx", "one");
        var failures = 2;
        Store.OnOpen = _ => failures-- > 0 ? throw new RemoteRepositoryException("the store answered 503 SlowDown") { IsTransient = true } : Task.CompletedTask;
        await _mirror.FetchAllAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
        Assert.Equal(3, Store.Opened.Count);
    }

    [Fact]
    public async Task FailureThatStays_IsTheReasonOfItsModelAlone()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("b/1/model.onnx", "two");
        Store.OnOpen = static key => key == "a/1/model.onnx" ? throw new RemoteRepositoryException("the store answered 503 SlowDown") { IsTransient = true } : Task.CompletedTask;
        await _mirror.FetchAllAsync();
        Assert.Equal(["a 'a/1/model.onnx' cannot be downloaded: the store answered 503 SlowDown", "b 1"], _mirror.Scan());
        Assert.Equal(3, Store.Opened.Count(static key => key == "a/1/model.onnx"));

        // What was there before stays, and serves.
        Store.OnOpen = static _ => Task.CompletedTask;
        await _mirror.FetchAllAsync();
        Store.Put("a/1/model.onnx", "eins");
        Store.OnOpen = static _ => throw new RemoteRepositoryException("the store answered 403 AccessDenied");
        await _mirror.FetchAllAsync();
        Assert.Equal(["a 'a/1/model.onnx' cannot be downloaded: the store answered 403 AccessDenied", "b 1"], _mirror.Scan());
        Assert.Equal("one", _mirror.Read("a/1/model.onnx"));
    }

    [Theory]
    [InlineData(2, "sent 2 of the 3 bytes")]
    [InlineData(5, "sent more than the 3 bytes")]
    public async Task ContentOfAnotherLengthThanListed_IsRefused(int length, string reason)
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Read = (_, _) => new MemoryStream(new byte[length]);
        await _mirror.FetchAllAsync();
        Assert.Contains(reason, Assert.Single(_mirror.Scan()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionThatBreaksOffOrFallsSilent_IsTriedAgain()
    {
        Store.Put("a/1/model.onnx", "one");
        var tries = 0;
        Store.Read = (_, content) => ++tries switch { 1 => new BrokenStream(isSilent: false), 2 => new BrokenStream(isSilent: true), _ => content };
        await _mirror.FetchAllAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
        Assert.Equal("one", _mirror.Read("a/1/model.onnx"));
    }

    [Fact]
    public async Task ObjectThatChangesInBetween_IsListedAgain()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.Put("a/1/weights", "old");
        var changes = 1;
        Store.OnOpen = key =>
        {
            if (key == "a/1/weights" && changes-- > 0)
            {
                Store.Put("a/1/weights", "new");
            }

            return Task.CompletedTask;
        };
        await _mirror.FetchAllAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
        Assert.Equal("new", _mirror.Read("a/1/weights"));
    }

    [Fact]
    public async Task ModelThatNeverStopsChanging_IsGivenUp()
    {
        Store.Put("a/1/model.onnx", "one");
        Store.OnOpen = key =>
        {
            Store.Put(key, "again");
            return Task.CompletedTask;
        };
        await _mirror.FetchAllAsync();
        Assert.Contains("it is being written to", Assert.Single(_mirror.Scan()), StringComparison.Ordinal);
        Assert.Contains("it is being written to", await ProblemAsync("a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoreThatDoesNotAnswer_IsAskedABoundedNumberOfTimes()
    {
        var asked = 0;
        Store.OnList = () =>
        {
            asked++;
            throw new RemoteRepositoryException("the store cannot be reached (ConnectionRefused)") { IsTransient = true };
        };
        var failure = await Assert.ThrowsAsync<RemoteRepositoryException>(_mirror.FetchAllAsync);
        Assert.Equal("s3://bucket/prefix: the store cannot be reached (ConnectionRefused)", failure.Message);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task StoreThatRefuses_IsNotAskedAgain()
    {
        var asked = 0;
        Store.OnList = () =>
        {
            asked++;
            throw new RemoteRepositoryException("the store answered 403 AccessDenied");
        };
        await Assert.ThrowsAsync<RemoteRepositoryException>(_mirror.FetchAllAsync);
        Assert.Equal(1, asked);
    }

    private async Task<string> ProblemAsync(string name)
    {
        await _mirror.FetchAsync(name);
        return _mirror.Mirror.Problems[name];
    }

    private sealed class BrokenStream(bool isSilent) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (isSilent)
            {
                await Task.Delay(TestTimeouts.Phase, cancellationToken);
            }

            throw new IOException("broken at 10.1.2.3");
        }
    }
}
