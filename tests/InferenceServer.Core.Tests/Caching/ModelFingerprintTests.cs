using InferenceServer.Core.Caching;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Tests.Configuration;
using InferenceServer.Core.Tests.Warmup;
using InferenceServer.Testing.Files;
using Xunit;
using FileSystem = System.IO.Abstractions.FileSystem;

namespace InferenceServer.Core.Tests.Caching;

public sealed class ModelFingerprintTests
{
    private const string Config = "response_cache { enable: true }";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SameFiles_ElsewhereAndAtAnotherTime_AreTheSame()
    {
        using var one = Repository();
        using var other = Repository();
        foreach (var file in Directory.EnumerateFiles(other.FullPath, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        }

        Assert.Equal(await MakeAsync(one), await MakeAsync(other));
    }

    [Theory]
    [InlineData("dynamic_batching { max_queue_delay_microseconds: 5 }")]
    [InlineData("instance_group { count: 3 }")]
    [InlineData("version_policy { all { } }")]
    [InlineData("metric_tags { key: \"a\" value: \"b\" }")]
    public async Task ConfigurationThatChangesNoAnswer_IsNoMatter(string more)
    {
        using var repository = Repository();

        Assert.Equal(await MakeAsync(repository), await MakeAsync(repository, $"{Config} {more}"));
    }

    [Theory]
    [InlineData("max_batch_size: 8")]
    [InlineData("max_batch_size: 4 input { name: \"X\" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: 4 } }")]
    [InlineData("parameters { key: \"mode\" value { string_value: \"x\" } }")]
    [InlineData("optimization { graph { level: -1 } }")]
    public async Task ConfigurationThatMayChangeAnswers_IsAnother(string more)
    {
        using var repository = Repository();

        Assert.NotEqual(await MakeAsync(repository), await MakeAsync(repository, $"{Config} {more}"));
    }

    [Theory]
    [InlineData("m/1/model.onnx", "weightS")]
    [InlineData("m/1/model.onnx.data", "more")]
    [InlineData("m/1/folder/part", "Part")]
    public async Task OtherContent_IsAnother(string path, string content)
    {
        using var repository = Repository();
        var before = await MakeAsync(repository);
        repository.Write(path, content);

        Assert.NotEqual(before, await MakeAsync(repository));
    }

    [Fact]
    public async Task OtherServerVersionOrSettings_AreOthers()
    {
        using var repository = Repository();
        var first = await MakeAsync(repository);

        Assert.NotEqual(first, await MakeAsync(repository, serverVersion: "2"));
        Assert.NotEqual(first, await MakeAsync(repository, settings: new Dictionary<string, string> { ["a"] = "b" }));
    }

    [Fact]
    public async Task FilesThatChangeWhileTheModelIsLoaded_AreNotShared()
    {
        using var logs = new WarmupLogs();
        using var repository = Repository();
        await using var caching = Caching(logs);
        var (version, config) = Read(repository, Config);
        var witness = caching.Witness(version);
        Assert.NotNull(witness);
        var first = await caching.MakeSeedAsync(version, witness, config, new Dictionary<string, string>(), Token);
        var second = await caching.MakeSeedAsync(version, witness, config, new Dictionary<string, string>(), Token);
        repository.Write("m/1/model.onnx", "other weights");
        var third = await caching.MakeSeedAsync(version, witness, config, new Dictionary<string, string>(), Token);
        var fourth = await caching.MakeSeedAsync(version, witness, config, new Dictionary<string, string>(), Token);

        Assert.Equal(first, second);
        Assert.NotEqual(third, fourth);
        Assert.All(logs.Lines, static line => Assert.Contains("have changed while it was loaded", line.Message, StringComparison.Ordinal));
        Assert.Equal(2, logs.Lines.Length);
    }

    [Fact]
    public async Task ModelWithoutTheFlag_IsReadWhenAnEnsembleAsks_AndIsTheSameOnEveryServer()
    {
        using var logs = new WarmupLogs();
        using var one = Repository();
        using var other = Repository();
        await using var caching = Caching(logs);
        Assert.Equal(await AskAsync(one), await AskAsync(other));
        other.Write("m/1/model.onnx", "other weights");
        Assert.NotEqual(await AskAsync(one), await AskAsync(other));
        Assert.Empty(logs.Lines);

        async Task<byte[]> AskAsync(TemporaryDirectory repository)
        {
            var (version, config) = Read(repository, "");
            var seed = caching.Share([], version, caching.Witness(version), config, new Dictionary<string, string>());
            await seed.MakeAsync();
            return [.. seed.Current];
        }
    }

    [Fact]
    public async Task FilesThatAreGoneWhenAnEnsembleAsks_AreNotShared()
    {
        using var logs = new WarmupLogs();
        using var repository = Repository();
        await using var caching = Caching(logs);
        var (version, config) = Read(repository, "");
        var seed = caching.Share([], version, caching.Witness(version), config, new Dictionary<string, string>());
        Directory.Delete(Path.Combine(repository.FullPath, "m"), recursive: true);
        await seed.MakeAsync();
        Assert.Equal(CacheKey.Size, seed.Current.Length);
        Assert.Contains("have changed while it was loaded", Assert.Single(logs.Lines).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelWithoutTheFlag_HasNoSeedAndReadsNoFile()
    {
        using var logs = new WarmupLogs();
        using var repository = Repository();
        await using var caching = Caching(logs);
        var (version, config) = Read(repository, "");

        Assert.Empty(await caching.MakeSeedAsync(version, caching.Witness(version), config, new Dictionary<string, string>(), Token));
    }

    [Fact]
    public async Task FlagOnAServerWithoutCache_IsLogged()
    {
        using var logs = new WarmupLogs();
        using var repository = Repository();
        await using var caching = new ResponseCaching(null, new ModelFingerprint(new FileSystem(), "1"), new(), TimeProvider.System, logs);
        var (version, config) = Read(repository, Config);

        Assert.Empty(await caching.MakeSeedAsync(version, caching.Witness(version), config, new Dictionary<string, string>(), Token));
        Assert.Equal("response_cache of model m has no effect: the server was started without --cache-config", Assert.Single(logs.Lines).Message);
    }

    private static ResponseCaching Caching(WarmupLogs logs) =>
        new(new StoredResponseCache(new ScriptedStore(), TimeProvider.System, logs), new ModelFingerprint(new FileSystem(), "1"), new(), TimeProvider.System, logs);

    private static TemporaryDirectory Repository()
    {
        var repository = new TemporaryDirectory();
        repository.Write("m/1/model.onnx", "weights");
        repository.Write("m/1/folder/part", "part");
        return repository;
    }

    private static async Task<byte[]> MakeAsync(TemporaryDirectory repository, string config = Config, string serverVersion = "1", Dictionary<string, string>? settings = null)
    {
        var (version, completed) = Read(repository, config);
        return [.. await new ModelFingerprint(new FileSystem(), serverVersion).ComputeAsync(version, completed, settings ?? [], Token)];
    }

    private static (AspiredVersion Version, ModelConfig Config) Read(TemporaryDirectory repository, string config)
    {
        repository.Write("m/config.pbtxt", config);
        var folder = Assert.Single(new RepositoryScanner(new FileSystem(), [repository.FullPath], []).Scan().Models);
        var version = Assert.Single(AspiredModels.From(folder, ConfigFixture.Backends).Versions);
        Assert.True(ModelConfigCompletion.TryComplete(version.Config, ConfigFixture.Batchable, new(), out var completed, out var problems), string.Join('\n', problems));
        return (version, completed);
    }
}
