using System.Net;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Stores;

/// <summary>Models from real stores, which speak S3 and Azure Blob Storage.</summary>
public sealed class RemoteRepositoryTests : IDisposable
{
    private static readonly string[] s_poll = ["--model-control-mode=poll", "--repository-poll-secs=1"];

    private readonly TemporaryDirectory _cache = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Kinds => ["s3", "azure"];

    private string CacheFlag => $"--repository-cache-directory={_cache.FullPath}/cache";

    public void Dispose() => _cache.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task None_ServesWhatIsThere_BesideFolders(string kind)
    {
        using var store = await StartAsync(kind);
        using var local = new TemporaryDirectory();
        local.Write("local/1/model.onnx", ScaledModel.Of(2));
        await store.PutAsync("team/prod/a/1/model.onnx", ScaledModel.Of(10));
        await store.PutAsync("team/prod/a/config.pbtxt", "max_batch_size: 0"u8.ToArray());
        await store.PutAsync("team/prod/a/2/", []);
        await store.PutAsync("team/prod/b.onnx", ScaledModel.Of(3));
        await store.PutAsync("team/prod/spaced name/1/a file+with%20signs é.txt", "x"u8.ToArray());
        await store.PutAsync("team/prod/spaced name/1/model.onnx", ScaledModel.Of(4));
        await store.PutAsync("team/production/other/1/model.onnx", ScaledModel.Of(9));
        await using var server = await RunningServer.StartAsync(store.Address("team/prod/"), flags: [$"--model-repository={local.FullPath}", CacheFlag]);
        Assert.Equal(["a 1 READY", "b 1 READY", "local 1 READY", "spaced name 1 READY"], await ScaledModel.IndexAsync(server));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(3, await ScaledModel.AskAsync(server, "b"));
        Assert.Equal(2, await ScaledModel.AskAsync(server, "local"));
        Assert.Equal(4, await ScaledModel.AskAsync(server, "spaced%20name"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Poll_FollowsWhatComesChangesAndGoes(string kind)
    {
        using var store = await StartAsync(kind);
        await store.PutAsync("r/a/1/model.onnx", ScaledModel.Of(10));
        await store.PutAsync("r/b/1/model.onnx", ScaledModel.Of(3));

        // Looked at so seldom, a model is left alone for two seconds after it was written: stores tell times in whole seconds, and this machine may be slow to write the next object.
        await using var server = await RunningServer.StartAsync(store.Address("r"), flags: ["--model-control-mode=poll", "--repository-poll-secs=4", CacheFlag]);
        await Waiting.UntilAsync(async () => await ScaledModel.IndexAsync(server) is ["a 1 READY", "b 1 READY"]);

        // A version comes object by object.
        await store.PutAsync("r/a/2/notes.txt", "first"u8.ToArray());
        await Task.Delay(300, Token);
        await store.PutAsync("r/a/2/more.txt", "second"u8.ToArray());
        await Task.Delay(300, Token);
        await store.PutAsync("r/a/2/model.onnx", ScaledModel.Of(20));
        await Waiting.UntilAsync(async () => await ScaledModel.AskAsync(server, "a") == 20);

        // Other bytes under the same number; another model goes.
        await store.PutAsync("r/a/2/model.onnx", ScaledModel.Of(21));
        await store.DeleteAsync("r/b/1/model.onnx");
        await Waiting.UntilAsync(async () => await ScaledModel.AskAsync(server, "a") == 21);
        await Waiting.UntilAsync(async () => await ScaledModel.IndexAsync(server) is ["a 1 UNAVAILABLE", "a 2 READY"]);
        Assert.Equal(3, Loads(server, "a"));
        Assert.Equal(1, Loads(server, "b"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task StoreThatGoesAway_TakesNothingDown_AndIsFollowedAgain(string kind)
    {
        using var store = await StartAsync(kind);
        await store.PutAsync("r/a/1/model.onnx", ScaledModel.Of(10));
        await using var server = await RunningServer.StartAsync(store.Address("r"), expectsErrors: true, flags: [.. s_poll, CacheFlag]);
        await Waiting.UntilAsync(async () => await ScaledModel.IndexAsync(server) is ["a 1 READY"]);
        store.Stop();
        await Waiting.UntilAsync(() => Task.FromResult(server.LoggedErrors.Any(static error => error.Contains("cannot be read; what serves goes on", StringComparison.Ordinal))));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "a"));
        await store.StartAgainAsync();
        await store.PutAsync("r/a/2/model.onnx", ScaledModel.Of(20));
        await Waiting.UntilAsync(async () => await ScaledModel.AskAsync(server, "a") == 20);

        // It was told of once.
        Assert.Single(server.LoggedErrors);
        Assert.Contains(server.Log.Events, static one => one.MessageTemplate.Text.EndsWith("can be read again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Explicit_DownloadsWhatIsLoaded()
    {
        using var store = await S3Store.StartAsync();
        await store.PutAsync("r/a/1/model.onnx", ScaledModel.Of(10));
        await store.PutAsync("r/b/1/model.onnx", ScaledModel.Of(3));
        await store.PutAsync("r/c/1/model.onnx", "junk"u8.ToArray());

        // This server finds the names of folders by the files that are in them, not by those in folders below.
        foreach (var model in new[] { "a", "b", "c" })
        {
            await store.PutAsync($"r/{model}/note", []);
        }

        await using var server = await RunningServer.StartAsync(store.Address("r"), expectsErrors: true, flags: ["--model-control-mode=explicit", "--load-model=a", CacheFlag]);
        Assert.Equal(["a 1 READY", "b", "c"], await ScaledModel.IndexAsync(server));
        await DownloadedAsync(store, "a");
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/repository/models/b/load", "")).Status);
        Assert.Equal(3, await ScaledModel.AskAsync(server, "b"));
        await DownloadedAsync(store, "a", "b");

        // A load anew takes what has changed, and nothing else.
        await store.PutAsync("r/a/1/model.onnx", ScaledModel.Of(11));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/repository/models/a/load", "")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/repository/models/b/load", "")).Status);
        Assert.Equal(11, await ScaledModel.AskAsync(server, "a"));
        await DownloadedAsync(store, "a", "b", "a");
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/repository/models/b/unload", "")).Status);
        Assert.Contains("no repository has a model", (await server.PostAsync("/v2/repository/models/nowhere/load", "")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync("/v2/repository/models/c/load", "")).Status);

        // A store that is away fails the load alone.
        store.Stop();
        var (status, body) = await server.PostAsync("/v2/repository/models/b/load", "");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("the store cannot be reached (ConnectionRefused)", body, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", body, StringComparison.Ordinal);
        Assert.Equal(11, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(["a 1 READY", "b 1 UNAVAILABLE", "c 1 UNAVAILABLE"], await ScaledModel.IndexAsync(server));
    }

    [Fact]
    public async Task Namespaces_AreTheLastPartsOfPrefixes_AndALoadDownloadsFromOneAlone()
    {
        using var store = await S3Store.StartAsync();
        await store.PutAsync("team/prod/a/1/model.onnx", ScaledModel.Of(10));
        await store.PutAsync("team/test/a/1/model.onnx", ScaledModel.Of(20));
        await store.PutAsync("team/test/b/1/model.onnx", ScaledModel.Of(3));
        foreach (var model in new[] { "prod/a", "test/a", "test/b" })
        {
            await store.PutAsync($"team/{model}/note", []);
        }

        string[] flags = [$"--model-repository={store.Address("team/test")}", "--model-namespacing=true", CacheFlag];
        await using (var server = await RunningServer.StartAsync(store.Address("team/prod"), flags: [.. flags, "--model-control-mode=explicit", "--load-model=prod::a"]))
        {
            Assert.Equal(["prod::a 1 READY", "test::a", "test::b"], await ScaledModel.IndexAsync(server));
            var (status, body) = await server.PostAsync("/v2/repository/models/a/load", "");
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains("'prod::a', 'test::a'", body, StringComparison.Ordinal);
            Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/b/load", ""));
            await Waiting.UntilAsync(() => Task.FromResult(store.Downloads.Length >= 2));
            Assert.Equal(["team/prod/a/1/model.onnx", "team/test/b/1/model.onnx"], store.Downloads);
            Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/test::a/load", ""));
            Assert.Equal(10, await ScaledModel.AskAsync(server, "prod::a"));
            Assert.Equal(20, await ScaledModel.AskAsync(server, "test::a"));
            Assert.Equal(3, await ScaledModel.AskAsync(server, "b"));
        }

        await using var polling = await RunningServer.StartAsync(store.Address("team/prod"), flags: [.. flags, .. s_poll]);
        await Waiting.UntilAsync(async () => await ScaledModel.IndexAsync(polling) is ["prod::a 1 READY", "test::a 1 READY", "test::b 1 READY"]);
        await store.DeleteAsync("team/test/a/1/model.onnx");
        await store.DeleteAsync("team/test/a/note");
        await Waiting.UntilAsync(async () => (await polling.PostAsync("/v2/models/a/infer", ScaledModel.Question)).Status == HttpStatusCode.OK);
        Assert.Equal(10, await ScaledModel.AskAsync(polling, "a"));
    }

    [Fact]
    public async Task RestartWithTheSameCache_DownloadsNothing()
    {
        using var store = await S3Store.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await store.PutAsync($"r/m{i}/1/model.onnx", ScaledModel.Of(i + 1));
        }

        await using (var first = await RunningServer.StartAsync(store.Address("r"), flags: [CacheFlag]))
        {
            Assert.Equal(2, await ScaledModel.AskAsync(first, "m1"));
        }

        await using var second = await RunningServer.StartAsync(store.Address("r"), flags: [CacheFlag]);
        Assert.Equal(2, await ScaledModel.AskAsync(second, "m1"));
        await Waiting.UntilAsync(() => Task.FromResult(store.Downloads.Length >= 3));
        Assert.Equal(3, store.Downloads.Length);
    }

    [Fact]
    public async Task MoreObjectsThanAPage_AreAllFound()
    {
        using var store = await S3Store.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 1100).Select(i => store.PutAsync($"r/a/1/data/{i:D4}.txt", "x"u8.ToArray())));
        await store.PutAsync("r/z.onnx", ScaledModel.Of(7));
        await store.PutAsync("r/a/1/model.onnx", ScaledModel.Of(6));
        await using var server = await RunningServer.StartAsync(store.Address("r"), flags: [CacheFlag]);
        Assert.Equal(6, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(7, await ScaledModel.AskAsync(server, "z"));
        Assert.Equal(1100, Directory.EnumerateFiles(_cache.FullPath, "????.txt", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Count());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task WrongCredentials_EndTheServerWithTheReasonAndWithoutThem(string kind)
    {
        using var store = await StartAsync(kind);
        await store.PutAsync("r/a/1/model.onnx", ScaledModel.Of(10));
        using var process = ServerProcess.Start(
            new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = "AKNOBODY", ["AWS_SECRET_ACCESS_KEY"] = "verysecret", ["AZURE_STORAGE_KEY"] = "dmVyeXNlY3JldA==" },
            "--http-port=0", "--grpc-port=0", "--metrics-port=0", $"--model-repository={store.Address("r")}");
        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Contains("the store answered 403", process.Log, StringComparison.Ordinal);
        Assert.All(["AKNOBODY", "verysecret", "dmVyeXNlY3JldA"], secret => Assert.DoesNotContain(secret, process.Log + process.Output, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Check_ReadsStoresToo(string kind)
    {
        using var store = await StartAsync(kind);
        await store.PutAsync("r/a/1/model.onnx", ScaledModel.Of(10));
        await store.PutAsync("r/b/1/model.onnx", "junk"u8.ToArray());
        using var process = ServerProcess.Start("check", store.Address("r"));
        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Contains("ok      a version 1", process.Output, StringComparison.Ordinal);
        Assert.Contains("error   b version 1:", process.Output, StringComparison.Ordinal);
        using var missing = ServerProcess.Start("check", store.Address("r").Replace("/models/", "/no-such-bucket/", StringComparison.Ordinal));
        Assert.Equal(1, await missing.WaitForExitAsync());
        Assert.Contains("the model repository cannot be read", missing.Output, StringComparison.Ordinal);
        Assert.Contains("the store answered 404", missing.Output, StringComparison.Ordinal);
    }

    private static async Task<IStore> StartAsync(string kind) => kind == "s3" ? await S3Store.StartAsync() : await AzureStore.StartAsync();

    /// <summary>Holds what the store says it was asked for against the models whose file that is.</summary>
    private static async Task DownloadedAsync(S3Store store, params string[] models)
    {
        await Waiting.UntilAsync(() => Task.FromResult(store.Downloads.Length >= models.Length));
        Assert.Equal(models.Select(static model => $"r/{model}/1/model.onnx"), store.Downloads);
    }

    private static int Loads(RunningServer server, string model) =>
        server.Log.Events.Count(one => one.MessageTemplate.Text.EndsWith("is loading", StringComparison.Ordinal) && one.Properties["Model"].ToString() == $"\"{model}\"");
}
