using System.Text.Json;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Names that lead out of the place where they belong: of files that a load request brings, of models, of an ensemble's steps, of logs and traces, of a model's weights.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class PathTests(BesiegedServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("file:../escaped")]
    [InlineData("file:../../../../../../../../escaped")]
    [InlineData("file:/escaped")]
    [InlineData("file:1/../../escaped")]
    [InlineData("file:1/..%2f..%2fescaped")]
    [InlineData("file:1\\\\..\\\\escaped")]
    [InlineData("file:1/escaped\\u0000.onnx")]
    [InlineData("file:1/escaped\\u000a")]
    [InlineData("file:")]
    [InlineData("file:.")]
    [InlineData("file:..")]
    [InlineData("file:1//escaped")]
    [InlineData("file:1/./escaped")]
    [InlineData("file:1/\\ud800escaped")]
    [InlineData("file:~/escaped")]
    [InlineData("file:C:\\\\escaped")]
    [InlineData("file:config.pbtxt")]
    [InlineData("FILE:../escaped")]
    public async Task File_OfALoadRequest_IsNotWrittenElsewhere(string name)
    {
        var before = Snapshot();
        var (status, body) = await server.PostAsync("/v2/repository/models/overridden/load", $$$"""{"parameters":{"config":"{\"backend\":\"identity\"}","{{{name}}}":"AAAA"}}""");
        Assert.True(status is >= 400 and < 600, body);
        Assert.Equal(before, Snapshot());
        Assert.False(File.Exists("/escaped"));
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), "escaped*"));
        await server.StandsAsync();
    }

    [Fact]
    public async Task File_WithALongName_IsRefused()
    {
        foreach (var name in new[] { new string('x', 300), new string('x', 100_000), string.Join('/', Enumerable.Repeat("a", 500)), string.Concat(Enumerable.Repeat("ü", 200)) })
        {
            var (status, body) = await server.PostAsync("/v2/repository/models/overridden/load", $$$"""{"parameters":{"config":"{}","file:1/{{{name}}}":"AAAA"}}""");
            Assert.True(status is >= 400 and < 500, body);
            Assert.True(body.Length < 2048, $"{body.Length}");
        }

        await server.StandsAsync();
    }

    [Theory]
    [InlineData("%2e%2e")]
    [InlineData("..%2fsecret")]
    [InlineData("..%2f..%2f..%2fetc")]
    [InlineData("%2fetc")]
    [InlineData(".git")]
    [InlineData("a%5cb")]
    [InlineData("add_sub%00")]
    [InlineData("add_sub%0d%0aX:%20y")]
    [InlineData("%c0%ae%c0%ae%c0%afetc")]
    [InlineData("%uff0e%uff0e")]
    [InlineData("add_sub%2f1")]
    [InlineData("add_sub%2f..%2fadd_sub")]
    public async Task Model_WhoseNameIsAPath_IsNotThere(string name)
    {
        var before = Snapshot();
        foreach (var path in new[] { $"/v2/models/{name}", $"/v2/models/{name}/config", $"/v2/models/{name}/ready" })
        {
            var (status, body) = await RawAsync("GET", path, "");
            Assert.True(status is 400 or 404, $"{path}: {status} {body}");
        }

        foreach (var path in new[] { $"/v2/models/{name}/infer", $"/v2/repository/models/{name}/load", $"/v2/repository/models/{name}/unload" })
        {
            var (status, body) = await RawAsync("POST", path, "{}");

            // To unload what is not loaded is no mistake: it is as it should be.
            Assert.True(status is >= 400 and <= 500 || path.EndsWith("/unload", StringComparison.Ordinal), $"{path}: {status} {body}");
        }

        Assert.Equal(before, Snapshot());
        await server.StandsAsync();
    }

    /// <summary>What lies outside may be there or not: the answer is the same, word for word.</summary>
    [Theory]
    [InlineData("../secret")]
    [InlineData("../../../../etc")]
    [InlineData("/etc")]
    [InlineData("add_sub/../../secret")]
    [InlineData("")]
    public async Task Step_OfAnEnsemble_IsNoPath(string step)
    {
        var secret = Path.Combine(Path.GetDirectoryName(server.Repository.FullPath)!, "secret");
        var said = new List<string>();
        foreach (var isThere in new[] { false, true })
        {
            if (isThere)
            {
                Directory.CreateDirectory(Path.Combine(secret, "1"));
                await File.WriteAllTextAsync(Path.Combine(secret, "config.pbtxt"), "backend: \"identity\"", Token);
            }

            try
            {
                var tensor = """{"name":"X","data_type":"TYPE_UINT8","dims":[1]}""";
                var config = JsonSerializer.Serialize($$$"""{"platform":"ensemble","input":[{{{tensor}}}],"output":[{{{tensor.Replace("X", "Y", StringComparison.Ordinal)}}}],"ensemble_scheduling":{"step":[{"model_name":"{{{step}}}","model_version":-1,"input_map":{"X":"X"},"output_map":{"Y":"Y"}}]}}""");
                var (status, body) = await server.PostAsync("/v2/repository/models/reaching/load", $$$"""{"parameters":{"config":{{{config}}}}}""");
                Assert.True(status is >= 400 and < 600, body);
                said.Add(body);
            }
            finally
            {
                if (Directory.Exists(secret))
                {
                    Directory.Delete(secret, recursive: true);
                }
            }
        }

        Assert.Equal(said[0], said[1]);
        await server.StandsAsync();
    }

    [Theory]
    [InlineData("/v2/logging", "log_file")]
    [InlineData("/v2/trace/setting", "trace_file")]
    [InlineData("/v2/models/add_sub/trace/setting", "trace_file")]
    public async Task File_ThatASettingNames_IsNotWritten(string path, string setting)
    {
        var file = Path.Combine(Path.GetTempPath(), $"escaped-{Guid.NewGuid():N}");
        var (status, body) = await server.PostAsync(path, $$"""{"{{setting}}":"{{file}}"}""");
        Assert.True(status is >= 400 and <= 501, body);
        (status, body) = await server.PostAsync(path, $$"""{"{{setting}}":["{{file}}"]}""");
        Assert.True(status is >= 400 and <= 501, body);
        await server.StandsAsync();
        Assert.False(File.Exists(file));
    }

    /// <summary>Weights of a model that lie outside of its folder, behind links, in devices, or beyond the end of their file.</summary>
    [Theory]
    [InlineData("../../../../../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("/dev/zero")]
    [InlineData("/proc/self/environ")]
    [InlineData("../secret.bin")]
    [InlineData("link.bin")]
    [InlineData("device.bin")]
    [InlineData("linked/secret.bin")]
    [InlineData("short.bin")]
    [InlineData("missing.bin")]
    public async Task Weights_OutsideOfTheModel_AreNotRead(string location)
    {
        server.Repository.Write("weighted/secret.bin", new byte[256]);
        server.Repository.Write("weighted/1/short.bin", new byte[255]);
        Link("weighted/1/link.bin", "../secret.bin");
        Link("weighted/1/linked", "..");
        Link("weighted/1/device.bin", "/dev/zero");
        server.Repository.Write("weighted/1/model.onnx", new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, 64).Output("y", OnnxElementType.Float, 64)
            .Initializer("w", OnnxTensor.External(OnnxElementType.Float, [64], location)).Node("Add", ["x", "w"], ["y"]).Build());
        try
        {
            var (status, body) = await server.PostAsync("/v2/repository/models/weighted/load", "");
            Assert.True(status is >= 400 and < 600, body);
            Assert.DoesNotContain("root:", body, StringComparison.Ordinal);
            await server.StandsAsync();
        }
        finally
        {
            Directory.Delete(Path.Combine(server.Repository.FullPath, "weighted"), recursive: true);
        }
    }

    private void Link(string from, string to)
    {
        var path = Path.Combine(server.Repository.FullPath, from);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, to);
    }

    /// <summary>The path as it is written here, which a client's library would tidy up.</summary>
    private async Task<(int Status, string Body)> RawAsync(string method, string path, string body)
    {
        using var connection = await Connections.RawConnection.OpenAsync(server.HttpAddress);
        await connection.WriteAsync($"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        var answer = await connection.ReadAnswerAsync();
        server.TellsNothing(answer.Body + answer.Headers);
        return (answer.Status, answer.Body);
    }

    private string[] Snapshot() => [.. Directory.EnumerateFileSystemEntries(server.Repository.FullPath, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
