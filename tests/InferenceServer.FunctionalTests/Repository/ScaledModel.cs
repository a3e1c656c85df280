using System.Net;
using System.Text.Json;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Repository;

/// <summary>Models that multiply by a factor of their own, so that each answer tells which of them gave it.</summary>
internal static class ScaledModel
{
    public const string Question = """{"inputs":[{"name":"X","datatype":"FP32","shape":[1],"data":[1]}]}""";

    public static byte[] Of(float factor) => new OnnxModelBuilder()
        .Input("X", OnnxElementType.Float, 1)
        .Output("Y", OnnxElementType.Float, 1)
        .Initializer("factor", OnnxTensor.Floats([1], factor))
        .Node("Mul", ["X", "factor"], ["Y"])
        .Build();

    /// <summary>The factor of the model that answers.</summary>
    public static async Task<float> AskAsync(RunningServer server, string model)
    {
        var (status, body) = await server.PostAsync($"/v2/models/{model}/infer", Question);
        Assert.True(status == HttpStatusCode.OK, body);
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle();
    }

    /// <summary>The index, one line an entry.</summary>
    public static async Task<string[]> IndexAsync(RunningServer server)
    {
        var (status, body) = await server.PostAsync("/v2/repository/index", "");
        Assert.Equal(HttpStatusCode.OK, status);
        using var document = JsonDocument.Parse(body);
        return [.. document.RootElement.EnumerateArray().Select(static entry => string.Join(' ', new[] { "name", "version", "state" }.Select(member => entry.TryGetProperty(member, out var value) ? value.GetString() : null).OfType<string>()))];
    }
}
