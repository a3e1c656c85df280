using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Repository;

/// <summary>One model from a plain folder, as KServe mounts one, served under a name that is given.</summary>
public sealed class SingleModelTests
{
    private static readonly string s_digits = Path.Combine(RepositoryRoot.Path, "model-repository", "digits");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("downloaded.onnx", null)]
    [InlineData("1/model.onnx", null)]
    [InlineData("original/1/model.onnx", "original/config.pbtxt")]
    [InlineData("model.onnx", "config.pbtxt")]
    public async Task Model_HoweverItLiesThere_AnswersByTheGivenName(string file, string? config)
    {
        using var empty = new TemporaryDirectory();
        using var folder = new TemporaryDirectory();
        folder.Write(file, await File.ReadAllBytesAsync(Path.Combine(s_digits, "1", "model.onnx"), Token));
        if (config is not null)
        {
            // The name that it had where it came from is no mistake here.
            folder.Write(config, """name: "original" max_batch_size: 16""");
        }

        await using var server = await RunningServer.StartAsync(empty.FullPath, flags: ["--model-name=house-numbers", $"--model-dir={folder.FullPath}"]);

        var metadata = await server.Http.GetFromJsonAsync<JsonElement>("v2/models/house-numbers", Token);
        Assert.Equal("house-numbers", metadata.GetProperty("name").GetString());
        using var answer = await server.Http.PostAsJsonAsync(
            "v2/models/house-numbers/infer",
            new { inputs = new[] { new { name = "image", datatype = "FP32", shape = new[] { 1, 1, 8, 8 }, data = new float[64] } } },
            Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var index = await server.Http.PostAsync("v2/repository/index", null, Token);
        Assert.Equal(1, JsonDocument.Parse(await index.Content.ReadAsStringAsync(Token)).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task Model_InPollMode_ChangesWithItsFolder()
    {
        using var empty = new TemporaryDirectory();
        using var folder = new TemporaryDirectory();
        var model = await File.ReadAllBytesAsync(Path.Combine(s_digits, "1", "model.onnx"), Token);
        folder.Write("1/model.onnx", model);
        await using var server = await RunningServer.StartAsync(empty.FullPath, flags: ["--model-name=house-numbers", $"--model-dir={folder.FullPath}", "--model-control-mode=poll", "--repository-poll-secs=1"]);

        folder.Write("2/model.onnx", model);

        using var timeout = new CancellationTokenSource(Testing.TestTimeouts.Phase);
        while (!server.Statuses.Any(static status => status.Version == 2 && status.State == Core.Lifecycle.ModelState.Ready))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), timeout.Token);
        }
    }
}
