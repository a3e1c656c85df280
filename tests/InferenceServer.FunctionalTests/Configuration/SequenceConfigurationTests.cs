using System.Text.Json;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Configuration;

/// <summary>What models with sequences look like from outside, and what is told of those that cannot be served.</summary>
public sealed class SequenceConfigurationTests : IDisposable
{
    private readonly TemporaryDirectory _repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Check_TellsWhatCannotServeAndWhy()
    {
        foreach (var model in SequenceModels.Names)
        {
            SequenceModels.Write(_repository, model);
        }

        SequenceModels.Write(_repository, "sum_direct", "misspelt");
        _repository.Write("misspelt/config.pbtxt", """
            max_batch_size: 4
            sequence_batching {
              control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
              control_input { name: "REDY" control { kind: CONTROL_SEQUENCE_READY int32_false_true: [ 0, 1 ] } }
              state { input_name: "STATE_IN" output_name: "STATE_OUT" data_type: TYPE_INT32 dims: [ 2 ] }
            }
            """);
        SequenceModels.Write(_repository, "sum_direct", "wrong");
        _repository.Write("wrong/config.pbtxt", """
            sequence_batching {
              oldest { }
              control_input { name: "START" control { kind: CONTROL_SEQUENCE_START } }
            }
            """);
        SequenceModels.Write(_repository, "sum_initial", "short");
        _repository.Write("short/initial_state/hundred", [1, 2]);
        SequenceModels.Write(_repository, "sum_initial", "empty");
        File.Delete(Path.Combine(_repository.FullPath, "empty/initial_state/hundred"));

        using var process = ServerProcess.Start("check", _repository.FullPath);
        var code = await process.WaitForExitAsync();
        var output = process.Output + process.Log;
        Assert.True(code == 1, output);
        Assert.All(SequenceModels.Names, model => Assert.Contains($"ok      {model} version 1", output, StringComparison.Ordinal));
        Assert.Contains("error   misspelt version 1: config.pbtxt:3:72: control input 'START' has data_type TYPE_FP32 here and TYPE_INT32 in the model; write int32_false_true: [ 0, 1 ]", output, StringComparison.Ordinal);
        Assert.Contains("error   misspelt version 1: config.pbtxt:4:19: the model has no input 'REDY'; its inputs are IN, START, READY, STATE_IN; did you mean 'READY'?", output, StringComparison.Ordinal);
        Assert.Contains("error   misspelt version 1: config.pbtxt:5:89: state input 'STATE_IN' has dims of [2] here", output, StringComparison.Ordinal);
        Assert.Contains("error   wrong: config.pbtxt:2:3: max_candidate_sequences must be from 1 to 1000000, found 0", output, StringComparison.Ordinal);
        Assert.Contains("error   wrong: config.pbtxt:3:41: control input 'START' must specify either 'int32_false_true'", output, StringComparison.Ordinal);
        Assert.Contains("error   short version 1: initial_state of state 'STATE_IN': 'hundred' has 2 bytes, expected 4 for shape [1] and type FP32", output, StringComparison.Ordinal);
        Assert.Contains("error   empty version 1: initial_state of state 'STATE_IN': 'hundred' is not in the folder initial_state of the model", output, StringComparison.Ordinal);
        Assert.Contains("6 would serve, 4 would not, 0 warnings", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ControlsAndStates_AreNotShown()
    {
        SequenceModels.Write(_repository, "sum_direct");
        SequenceModels.Write(_repository, "sum_direct", "by_itself");
        var written = File.ReadAllText(Path.Combine(_repository.FullPath, "sum_direct", "config.pbtxt"));
        _repository.Write("by_itself/config.pbtxt", written[written.IndexOf("sequence_batching", StringComparison.Ordinal)..]);
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        var document = JsonDocument.Parse(await server.Http.GetStringAsync("/openapi.json", Token)).RootElement;
        foreach (var model in new[] { "sum_direct", "by_itself" })
        {
            var metadata = JsonDocument.Parse(await server.Http.GetStringAsync($"/v2/models/{model}", Token)).RootElement;
            Assert.Equal("""[{"name":"IN","datatype":"INT32","shape":[-1,1]}]""", metadata.GetProperty("inputs").GetRawText());
            Assert.Equal("""[{"name":"TOTAL","datatype":"INT32","shape":[-1,1]}]""", metadata.GetProperty("outputs").GetRawText());
            var body = document.GetProperty("paths").GetProperty($"/v2/models/{model}/infer").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString()!;
            var schema = document.GetProperty("components").GetProperty("schemas").GetProperty(body.Split('/')[^1]);
            Assert.Equal(1, schema.GetProperty("properties").GetProperty("inputs").GetProperty("maxItems").GetInt32());
            Assert.Equal("""["TOTAL"]""", schema.GetProperty("properties").GetProperty("outputs").GetProperty("items").GetProperty("properties").GetProperty("name").GetProperty("enum").GetRawText());

            // The example is a sequence of one request.
            var (status, answer) = await server.PostAsync($"/v2/models/{model}/infer", schema.GetProperty("examples")[0].GetRawText());
            Assert.True(status == System.Net.HttpStatusCode.OK, answer);
        }
    }

    [Fact]
    public async Task InitialStateThatChanges_IsTakenOnWhilePolling()
    {
        SequenceModels.Write(_repository, "sum_initial");
        SequenceModels.Write(_repository, "sum_direct");
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-control-mode=poll", "--repository-poll-secs=1"]);
        Assert.Equal(101, await SequenceModels.AskInitialAsync(server));
        _repository.Write("sum_initial/initial_state/hundred", BitConverter.GetBytes(200f));
        using var patience = new CancellationTokenSource(TestTimeouts.Phase);
        while (await SequenceModels.AskInitialAsync(server) != 201)
        {
            await Task.Delay(20, patience.Token);
        }

        // The other model was left alone.
        Assert.Equal(2, Loads(server, "sum_initial"));
        Assert.Equal(1, Loads(server, "sum_direct"));
    }

    private static int Loads(RunningServer server, string model) =>
        server.Log.Events.Count(one => one.MessageTemplate.Text.EndsWith("is loading", StringComparison.Ordinal) && one.Properties["Model"].ToString() == $"\"{model}\"");
}
