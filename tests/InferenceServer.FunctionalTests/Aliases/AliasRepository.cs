using System.Net;
using System.Text.Json;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Aliases;

/// <summary>Models that take the same and differ in what becomes of it, and the requests about aliases.</summary>
internal static class AliasRepository
{
    public const string ExplicitMode = "--model-control-mode=explicit";

    public static readonly string[] ExplicitFlags = [ExplicitMode, "--load-model=*"];

    /// <summary>The model <c>m</c>, whose versions multiply by their own numbers, all of them loaded.</summary>
    public static void WriteVersions(TemporaryDirectory repository, params int[] versions)
    {
        repository.Write("m/config.pbtxt", "version_policy: { all { } }");
        foreach (var version in versions)
        {
            repository.Write($"m/{version}/model.onnx", ScaledModel.Of(version));
        }
    }

    /// <summary>A model that answers with what it is asked, or does as a parameter of the identity backend says.</summary>
    public static void WriteEcho(TemporaryDirectory repository, string name, string key = "", string value = "")
    {
        var parameter = key.Length == 0 ? "" : $$"""parameters { key: "{{key}}" value { string_value: "{{value}}" } }""";
        repository.Write($"{name}/config.pbtxt", $$"""
            backend: "identity"
            max_batch_size: 0
            input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] }
            output { name: "Y" data_type: TYPE_FP32 dims: [ 1 ] }
            {{parameter}}
            """);
        Directory.CreateDirectory(Path.Combine(repository.FullPath, name, "1"));
    }

    public static async Task<(HttpStatusCode Status, string Body, string? Tag)> SendAsync(RunningServer server, string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Headers.ETag?.Tag);
    }

    /// <summary>Sends a request that must succeed.</summary>
    public static async Task<JsonElement> DoAsync(RunningServer server, string method, string path, string? body = null)
    {
        var (status, text, _) = await SendAsync(server, method, path, body);
        Assert.True(status == HttpStatusCode.OK, text);
        using var document = JsonDocument.Parse(text.Length == 0 ? "null" : text);
        return document.RootElement.Clone();
    }

    /// <summary>The metrics, one line each.</summary>
    public static async Task<string[]> MetricsAsync(RunningServer server) =>
        (await server.Http.GetStringAsync(server.MetricsAddress, TestContext.Current.CancellationToken)).Split('\n');
}
