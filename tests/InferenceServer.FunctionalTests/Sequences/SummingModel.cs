using System.Net;
using System.Text.Json;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Sequences;

/// <summary>A model that adds up what the requests of a sequence bring, times a factor.</summary>
internal static class SummingModel
{
    public static void Write(TemporaryDirectory repository, float factor, string sequences = "direct { }", int maxBatchSize = 4, string name = "sum", string file = "1/model.onnx", string more = "", int instances = 1)
    {
        repository.Write($"{name}/{file}", new OnnxModelBuilder()
            .Input("IN", OnnxElementType.Float, "batch", 1)
            .Input("STATE_IN", OnnxElementType.Float, "batch", 1)
            .Output("TOTAL", OnnxElementType.Float, "batch", 1)
            .Output("STATE_OUT", OnnxElementType.Float, "batch", 1)
            .Initializer("FACTOR", OnnxTensor.Floats([1], factor))
            .Node("Mul", ["IN", "FACTOR"], ["SCALED"])
            .Node("Add", ["SCALED", "STATE_IN"], ["TOTAL"])
            .Node("Identity", ["TOTAL"], ["STATE_OUT"])
            .Build());
        repository.Write($"{name}/config.pbtxt", $$"""
            backend: "onnxruntime"
            max_batch_size: {{maxBatchSize}} {{more}}
            input [ { name: "IN" data_type: TYPE_FP32 dims: [ 1 ] } ]
            output [ { name: "TOTAL" data_type: TYPE_FP32 dims: [ 1 ] } ]
            instance_group [ { kind: KIND_CPU count: {{instances}} } ]
            sequence_batching {
              {{sequences}}
              state [ { input_name: "STATE_IN" output_name: "STATE_OUT" data_type: TYPE_FP32 dims: [ 1 ] } ]
            }
            """);
    }

    public static Task<(HttpStatusCode Status, string Body)> PostAsync(RunningServer server, int id, float value, bool start = false, bool end = false) => server.PostAsync(
        "/v2/models/sum/infer",
        $$"""{"parameters":{"sequence_id":{{id}},"sequence_start":{{Word(start)}},"sequence_end":{{Word(end)}}},"inputs":[{"name":"IN","datatype":"FP32","shape":[1,1],"data":[{{value}}]}]}""");

    public static async Task<float> StepAsync(RunningServer server, int id, float value, bool start = false, bool end = false)
    {
        var (status, body) = await PostAsync(server, id, value, start, end);
        Assert.True(status == HttpStatusCode.OK, body);
        using var answer = JsonDocument.Parse(body);
        return answer.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle();
    }

    private static string Word(bool flag) => flag ? "true" : "false";
}
