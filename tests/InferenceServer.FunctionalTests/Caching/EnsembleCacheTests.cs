using System.Net;
using InferenceServer.FunctionalTests.Sequences;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Caching;

/// <summary>Answers of ensembles that are kept as a whole, over the wire.</summary>
public sealed class EnsembleCacheTests : IDisposable
{
    private readonly TemporaryDirectory _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task SecondRequest_ReachesNoStep_AndTheCountsSaySo()
    {
        CachedEnsemble.Write(_repository);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [CachedModels.Local]);
        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        var (status, named) = await server.PostAsync("/v2/models/m/infer", CachedModels.Body(1, "third", ",\"outputs\":[{\"name\":\"OUTPUT1\"}]"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"id":"third","model_name":"m","model_version":"1","outputs":[{"name":"OUTPUT1","datatype":"FP32","shape":[1,2],"data":[-3.0,-10.0]}]}""", named);

        Assert.Equal((2, 1, 2), await CachedModels.CountAsync(server));
        Assert.Equal((2, 0, 0), await CachedModels.CountAsync(server, "inner"));
        var shown = await CachedModels.ScrapeAsync(server, "nv_cache_num_");
        Assert.Equal((1, 2), (shown["nv_cache_num_hits_per_model{model=\"m\",version=\"1\"}"], shown["nv_cache_num_misses_per_model{model=\"m\",version=\"1\"}"]));
        Assert.DoesNotContain(shown.Keys, static name => name.Contains("inner", StringComparison.Ordinal));
        Assert.Equal(2, shown["nv_cache_num_entries"]);
    }

    [Fact]
    public async Task ModelOfAStepThatIsReloaded_TakesTheKeptAnswersWithIt()
    {
        CachedEnsemble.Write(_repository);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [CachedModels.Local, "--model-control-mode=explicit", "--load-model=m"]);
        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        CachedEnsemble.Write(_repository, "Mul");
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/inner/load", ""));

        // The ensemble itself has not been loaded again: its inputs and outputs fit as before.
        await CachedModels.ExpectAsync(server, 1, 2f, 16f);
        await CachedModels.ExpectAsync(server, 1, 2f, 16f);
        Assert.Equal((2, 2, 2), await CachedModels.CountAsync(server));
    }

    [Fact]
    public async Task EnsembleOverASequenceModel_IsNotLoaded()
    {
        SummingModel.Write(_repository, 1, name: "inner");
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, "m", "1"));
        _repository.Write("m/config.pbtxt", """
            platform: "ensemble" max_batch_size: 4
            response_cache { enable: true }
            input { name: "IN" data_type: TYPE_FP32 dims: 1 } output { name: "TOTAL" data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling { step { model_name: "inner" input_map { key: "IN" value: "IN" } output_map { key: "TOTAL" value: "TOTAL" } } }
            """);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: [CachedModels.Local]);
        Assert.StartsWith(
            "config.pbtxt:2:1: response_cache is enabled, but step[0] (model 'inner') has sequence_batching: the answer to a request depends on those before it",
            server.Statuses.Single(static model => model.Name == "m").Reason,
            StringComparison.Ordinal);
    }
}
