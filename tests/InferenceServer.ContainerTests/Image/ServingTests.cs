using System.Globalization;
using System.Net;
using System.Text.Json;
using InferenceServer.ContainerTests.Engine;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.ContainerTests.Image;

/// <summary>The image at work: on a read-only root, without capabilities, without new privileges, as a user without rights.</summary>
public sealed class ServingTests(EngineFixture engine)
{
    private const string AddSub = """
        {"inputs":[
          {"name":"INPUT0","datatype":"FP32","shape":[1,16],"data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]},
          {"name":"INPUT1","datatype":"FP32","shape":[1,16],"data":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}]}
        """;

    [Fact]
    public async Task Server_InItsContainer_AnswersOverBothProtocolsAndIsScraped()
    {
        engine.Require();
        await using var server = await ServerContainer.StartAsync(engine);

        using var answer = await server.Http.PostAsync("v2/models/add_sub/infer", new StringContent(AddSub), TestContext.Current.CancellationToken);
        var sums = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("outputs")[0].GetProperty("data");
        Assert.Equal(17, sums[15].GetDouble());

        var request = new Inference.ModelInferRequest { ModelName = "add_sub" };
        foreach (var name in new[] { "INPUT0", "INPUT1" })
        {
            var input = new Inference.ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = "FP32", Contents = new Inference.InferTensorContents() };
            input.Shape.AddRange([1, 16]);
            input.Contents.Fp32Contents.AddRange(Enumerable.Repeat(2f, 16));
            request.Inputs.Add(input);
        }

        var reply = await new Inference.GRPCInferenceService.GRPCInferenceServiceClient(server.Channel).ModelInferAsync(request, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(4f, BitConverter.ToSingle(reply.RawOutputContents[0].Span));

        var metrics = await server.Http.GetStringAsync(server.MetricsAddress, TestContext.Current.CancellationToken);
        Assert.Contains("""nv_inference_request_success{model="add_sub",version="1"} 2""", metrics, StringComparison.Ordinal);
        Assert.Equal((0L, "ready"), await TrimAsync(server.ExecuteAsync("/app/inference-server", "probe")));
        await AssertHasNoRightsAsync(server);
    }

    [Fact]
    public async Task Server_ThatIsToStop_AnswersWhatItHasAcceptedAndEndsWithCodeZero()
    {
        engine.Require();
        var models = MakeRepository("""backend: "identity" max_batch_size: 4 input { name: "IN" data_type: TYPE_FP32 dims: [ 1 ] } output { name: "OUT" data_type: TYPE_FP32 dims: [ 1 ] } parameters { key: "execute_delay_ms" value { string_value: "2000" } }""");
        try
        {
            await using var server = await ServerContainer.StartAsync(engine, models, flags: ["--model-auto-warmup=false"]);
            var pending = server.Http.PostAsync("v2/models/slow/infer", new StringContent("""{"inputs":[{"name":"IN","datatype":"FP32","shape":[1,1],"data":[7]}]}"""), TestContext.Current.CancellationToken);
            await WaitForPendingAsync(server);

            // A mount for reading only is where the models came from.
            Assert.Contains("false", await server.InspectAsync("""{{range .Mounts}}{{if eq .Destination "/models"}}{{.RW}}{{end}}{{end}}"""), StringComparison.Ordinal);
            var (exitCode, output) = await Command.RunAsync("podman", "stop", "--time", "30", server.Id);
            Assert.True(exitCode == 0, output);

            using var answer = await pending;
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("[7", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.Equal("0 false", await server.InspectAsync("{{.State.ExitCode}} {{.State.OOMKilled}}"));
        }
        finally
        {
            Directory.Delete(models, recursive: true);
        }
    }

    [Fact]
    public async Task Server_WithLittleMemory_StaysWithinIt()
    {
        engine.Require();
        const long Limit = 256 << 20;
        await using var server = await ServerContainer.StartAsync(engine, memory: Limit);
        var body = $$"""{"inputs":[{"name":"TEXT","datatype":"BYTES","shape":[1,1],"data":["a"]},{"name":"NUMBERS","datatype":"FP32","shape":[1,500000],"data":[{{string.Join(',', Enumerable.Repeat("1.5", 500_000))}}]}]}""";

        for (var i = 0; i < 40; i++)
        {
            using var answer = await server.Http.PostAsync("v2/models/identity/infer", new StringContent(body), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal($"{Limit} true false", await server.InspectAsync("{{.HostConfig.Memory}} {{.State.Running}} {{.State.OOMKilled}}"));
    }

    [Fact]
    public async Task Server_WithOneModelInAFolder_ServesItByTheGivenName()
    {
        engine.Require();
        var folder = Directory.CreateTempSubdirectory("model-").FullName;
        try
        {
            File.Copy(Path.Combine(FunctionalTests.Server.RepositoryRoot.Path, "model-repository/digits/1/model.onnx"), $"{folder}/downloaded.onnx");
            MakeReadable(folder);
            await using var server = await ServerContainer.StartAsync(engine, folder, flags: ["--model-name=house-numbers", "--model-dir=/models"]);

            var models = await server.Http.PostAsync("v2/repository/index", null, TestContext.Current.CancellationToken);

            var names = JsonDocument.Parse(await models.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.EnumerateArray().Select(static model => model.GetProperty("name").GetString());
            Assert.Equal(["house-numbers"], names);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(long, string)> TrimAsync(Task<(long ExitCode, string Output)> run)
    {
        var (exitCode, output) = await run;
        return (exitCode, output.Trim());
    }

    /// <summary>Reads from the machine's side what the kernel lets the process do.</summary>
    private static async Task AssertHasNoRightsAsync(ServerContainer server)
    {
        var process = int.Parse(await server.InspectAsync("{{.State.Pid}}"), CultureInfo.InvariantCulture);
        var status = (await File.ReadAllLinesAsync($"/proc/{process}/status", TestContext.Current.CancellationToken))
            .Select(static line => line.Split(':', 2, StringSplitOptions.TrimEntries)).ToDictionary(static pair => pair[0], static pair => pair[1]);
        Assert.Equal("1654", status["Uid"].Split('\t')[0]);
        Assert.Equal("0000000000000000", status["CapEff"]);
        Assert.Equal("0000000000000000", status["CapBnd"]);
        Assert.Equal("1", status["NoNewPrivs"]);
        Assert.Equal("true", await server.InspectAsync("{{.HostConfig.ReadonlyRootfs}}"));
        var root = (await File.ReadAllLinesAsync($"/proc/{process}/mounts", TestContext.Current.CancellationToken)).Select(static line => line.Split(' ')).Last(static mount => mount[1] == "/");
        Assert.Contains("ro", root[3].Split(','));
    }

    private static async Task WaitForPendingAsync(ServerContainer server)
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Phase);
        while (true)
        {
            var metrics = await server.Http.GetStringAsync(server.MetricsAddress, timeout.Token);
            if (metrics.Contains("""inference_server_batch_release_total{model="slow",version="1",reason="lane_idle"} 1""", StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), timeout.Token);
        }
    }

    private static string MakeRepository(string config)
    {
        var folder = Directory.CreateTempSubdirectory("models-").FullName;
        Directory.CreateDirectory($"{folder}/slow/1");
        File.WriteAllText($"{folder}/slow/config.pbtxt", config);
        MakeReadable(folder);
        return folder;
    }

    /// <summary>For the user in the container, who is another.</summary>
    private static void MakeReadable(string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32("755", 8));
        }
    }
}
