using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Models;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Tests;

/// <summary>The add_sub model, without a server.</summary>
internal static class AddSub
{
    public static readonly ServerAddress Nowhere = new("127.0.0.1", 8000);

    public static ModelMetadata Model(string dataType = "FP32") => new(
        "add_sub",
        [new("INPUT0", dataType, [-1, 16]), new("INPUT1", dataType, [-1, 16])],
        [new("OUTPUT0", dataType, [-1, 16]), new("OUTPUT1", dataType, [-1, 16])]);

    public static InferRequest Request(int rows, string dataType = "FP32") => InferRequest.Plain("add_sub", TensorGenerator.Inputs(Model(dataType), rows));
}
