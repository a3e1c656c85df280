using System.Text.Json;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Json;

/// <summary>The same text by the reader of the base library, which looks at every number and keeps none.</summary>
internal sealed class JsonReadFloor(TensorCase tensor) : IStage
{
    private readonly byte[] _text = JsonRequest.Of(tensor);

    /// <summary>What the numbers come to, so that they are worth reading.</summary>
    public double Sum { get; private set; }

    public void Run()
    {
        var reader = new Utf8JsonReader(_text);
        while (reader.Read())
        {
            Sum += reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : 0;
        }
    }
}
