using System.Net;
using System.Text;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Streams;

/// <summary>The generate extension with real models and real schedulers.</summary>
public sealed class GenerateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_DecoupledModel_SendsEachElement()
    {
        await using var test = await StreamTest.StartAsync();
        var (status, body) = await test.Server.PostAsync("/v2/models/repeater/generate_stream", """{"IN":[4,2,9],"DELAY":[1,1,1],"WAIT":1,"id":"r"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            string.Concat(((int[])[4, 2, 9]).Select(static (value, place) => $$"""data: {"IDX":{{place}},"OUT":{{value}},"id":"r","model_name":"repeater","model_version":"1"}""" + "\n\n")),
            body);
        (status, body) = await test.Server.PostAsync("/v2/models/repeater/generate_stream", """{"IN":[],"DELAY":[],"WAIT":1}""");
        Assert.Equal((HttpStatusCode.OK, ""), (status, body));
    }

    [Theory]
    [InlineData("repeater", """{"IN":4,"DELAY":0,"WAIT":0}""", 200, "\"OUT\":4")]
    [InlineData("repeater", """{"IN":[4,5],"DELAY":[0,0],"WAIT":0}""", 400, "exactly 1 response")]
    [InlineData("repeater", """{"IN":[],"DELAY":[],"WAIT":0}""", 400, "exactly 1 response")]
    [InlineData("repeater", """{"IN":[4,5],"DELAY":[0],"WAIT":0}""", 400, "'DELAY'")]
    [InlineData("squarer", """{"IN":1}""", 200, "\"OUT\":1")]
    [InlineData("squarer", """{"IN":2147483647}""", 400, "exactly 1 response")]
    [InlineData("plain", """{"X":[[1],[2]]}""", 200, "\"Y\":[1,2]")]
    [InlineData("failing", """{"X":1}""", 500, "it broke")]
    public async Task Generate_AnswersOnceOrSaysWhyNot(string model, string body, int expected, string word)
    {
        await using var test = await StreamTest.StartAsync();
        var (status, answer) = await test.Server.PostAsync($"/v2/models/{model}/generate", body);
        Assert.Equal(expected, (int)status);
        Assert.Contains(word, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_FailingModel_IsAnEventAndTheStatus()
    {
        await using var test = await StreamTest.StartAsync();
        var (status, body) = await test.Server.PostAsync("/v2/models/failing/generate_stream", """{"X":1}""");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.StartsWith("data: {\"error\":", body, StringComparison.Ordinal);
        Assert.EndsWith("\n\n", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("squarer", """{"IN":2147483647}""", """{"IN":1}""")]
    [InlineData("repeater", """{"IN":[1,2],"DELAY":[0,3600000],"WAIT":0}""", """{"IN":1,"DELAY":0,"WAIT":0}""")]
    public async Task Stream_ClientThatCloses_StopsWhatRuns(string model, string endless, string small)
    {
        await using var test = await StreamTest.StartAsync();
        using (var content = new ByteArrayContent(Encoding.UTF8.GetBytes(endless)))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/generate_stream") { Content = content };
            using var response = await test.Server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Token));
            Assert.StartsWith("data: {", await reader.ReadLineAsync(Token), StringComparison.Ordinal);
        }

        // The only instance is free again.
        var (status, body) = await test.Server.PostAsync($"/v2/models/{model}/generate", small).WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"OUT\":1", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timeout_OfTheRequest_EndsItsWaitInTheQueue()
    {
        using var folder = new Testing.Files.TemporaryDirectory();
        folder.Write("held/config.pbtxt", """
            backend: "identity"
            max_batch_size: 1
            input [ { name: "X" data_type: TYPE_INT32 dims: [ 1 ] } ]
            output [ { name: "Y" data_type: TYPE_INT32 dims: [ 1 ] } ]
            dynamic_batching { default_queue_policy { timeout_action: REJECT allow_timeout_override: true default_timeout_microseconds: 3600000000 } }
            parameters { key: "execute_delay_ms" value { string_value: "400" } }
            """);
        Directory.CreateDirectory(Path.Combine(folder.FullPath, "held", "1"));
        await using var server = await Server.RunningServer.StartAsync(folder.FullPath);
        var patient = server.PostAsync("/v2/models/held/generate", """{"X":1}""");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.PostAsync("/v2/models/held/generate", """{"X":1,"timeout":1000}""")));

        // One runs at a time: those behind it have waited too long when their turn comes, and nothing else ends.
        Assert.Equal(HttpStatusCode.OK, (await patient).Status);
        Assert.Contains(answers, static answer => answer.Status == HttpStatusCode.ServiceUnavailable && answer.Body.Contains("timeout expired", StringComparison.Ordinal));
    }
}
