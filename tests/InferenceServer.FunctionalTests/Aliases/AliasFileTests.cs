using System.Net;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Aliases;

/// <summary>Aliases that come, change and go with their file.</summary>
public sealed class AliasFileTests : IDisposable
{
    private readonly TemporaryDirectory _repository = new();

    public AliasFileTests() => AliasRepository.WriteVersions(_repository, 1, 2);

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task File_IsFollowed_AndAWrongOneLeavesWhatWas()
    {
        Write("""{"live": {"targets": [{"model": "m", "version": 1, "weight": 1}]}}""");
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: ["--model-control-mode=poll", "--repository-poll-secs=1"]);
        Assert.Equal(1, await ScaledModel.AskAsync(server, "live"));
        Assert.Equal(["live READY", "m 1 READY", "m 2 READY"], await ScaledModel.IndexAsync(server));

        Write("""{"live": {"targets": [{"model": "m", "version": 2, "weight": 1}]}, "other": {"targets": [{"model": "m", "weight": 1}]}}""");
        await Waiting.UntilAsync(async () => await ScaledModel.AskAsync(server, "live") == 2);
        Assert.Equal(2, await ScaledModel.AskAsync(server, "other"));

        _repository.Write("aliases.json", """
            {"aliases": {
              "live": {"targets": [{"model": "m", "version": 1, "wieght": 1}]},
              "other": {"targets": [{"model": "live", "weight": -1}]}
            }}
            """);
        await Waiting.UntilAsync(() => Task.FromResult(server.LoggedErrors.Any(static error => error.Contains("aliases.json:2:53: a target of alias 'live' has no member 'wieght'; did you mean 'weight'?", StringComparison.Ordinal) && error.Contains("aliases.json:3:", StringComparison.Ordinal))));
        Assert.Equal(2, await ScaledModel.AskAsync(server, "live"));
        Assert.NotEqual(0, (await AliasRepository.DoAsync(server, "GET", "/v2/aliases")).GetProperty("file_problems").GetArrayLength());

        File.Delete(Path.Combine(_repository.FullPath, "aliases.json"));
        await Waiting.UntilAsync(async () => (await server.PostAsync("/v2/models/live/infer", ScaledModel.Question)).Status == HttpStatusCode.NotFound);
        Assert.Equal(["m 1 READY", "m 2 READY"], await ScaledModel.IndexAsync(server));
    }

    [Fact]
    public async Task Model_ThatComesUnderTheNameOfAnAlias_GoesBeforeIt()
    {
        Write("""{"live": {"targets": [{"model": "m", "version": 1, "weight": 1}]}}""");
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-control-mode=poll", "--repository-poll-secs=1"]);
        Assert.Equal(1, await ScaledModel.AskAsync(server, "live"));
        _repository.Write("live/1/model.onnx", ScaledModel.Of(7));
        await Waiting.UntilAsync(async () => await ScaledModel.AskAsync(server, "live") == 7);
        var (_, index) = await server.PostAsync("/v2/repository/index", "");
        Assert.Contains("""{"name":"live","state":"UNAVAILABLE","reason":"alias: 'm' version 1 100 %; not in force, since a model of this name goes before"}""", index, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_TellsMistakesOfTheFile()
    {
        Write("""{"live": {"targets": [{"model": "m", "version": 1, "weight": 1}]}}""");
        _repository.Write("n/1/model.onnx", ScaledModel.Of(1));
        Assert.Equal((0, true), await CheckAsync("ok      alias live"));
        Write("""{"live": {"targets": [{"model": "m", "version": 9, "weight": 1}]}, "n": {"targets": [{"model": "nothing", "weight": 1}]}}""");
        Assert.Equal((1, true), await CheckAsync("error   aliases.json: alias 'live' names 'm' version 9, which is in no repository"));
        Assert.Equal((1, true), await CheckAsync("error   aliases.json: alias 'n' has the name of a model, which goes before"));
        Write("""{"live": {"targets": []}}""");
        Assert.Equal((1, true), await CheckAsync("error   aliases.json:1:14: alias 'live' has no targets"));
    }

    private async Task<(int Code, bool IsSaid)> CheckAsync(string line)
    {
        using var process = ServerProcess.Start("check", _repository.FullPath);
        var code = await process.WaitForExitAsync();
        return (code, (process.Output + process.Log).Contains(line, StringComparison.Ordinal));
    }

    private void Write(string aliases) => _repository.Write("aliases.json", $$"""{"aliases": {{aliases}}}""");
}
