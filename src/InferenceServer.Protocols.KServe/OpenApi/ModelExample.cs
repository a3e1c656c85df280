using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>
/// A request that a model answers: every input that it needs, one row, 1 for each free dimension, and the same value for every element. The
/// value is 1, which can be divided by and is an index of all but the smallest tables. To a model with sequences it is a whole one.
/// </summary>
internal static class ModelExample
{
    /// <summary>Beyond so many elements an example is no help to anybody who reads it.</summary>
    private const long MaxElements = 2048;

    /// <summary>Writes a list of one example; nothing when it would be too large.</summary>
    public static void Write(JsonComposer json, string name, ModelConfig model)
    {
        if (!IsSmall(model))
        {
            return;
        }

        json.BeginArray(name);
        json.BeginObject();
        if (model.SequenceBatching is { IsIterative: false } sequences)
        {
            // A sequence of one request. An id is a number unless the model asks for a text.
            var id = sequences.Controls.Any(static control => control is { Kind: SequenceControlKind.CorrelationId, DataType: TensorDataType.Bytes }) ? "\"1\"" : "1";
            json.Raw("parameters", $$"""{"sequence_id":{{id}},"sequence_start":true,"sequence_end":true}""");
        }

        json.BeginArray("inputs");
        foreach (var input in model.Inputs)
        {
            if (!input.IsOptional)
            {
                WriteInput(json, input);
            }
        }

        json.EndArray();
        json.EndObject();
        json.EndArray();
    }

    private static bool IsSmall(ModelConfig model)
    {
        long all = 0;
        foreach (var input in model.Inputs)
        {
            if (!input.IsOptional && (!ShapeOf(input).TryGetElementCount(out var count) || count > MaxElements || (all += count) > MaxElements))
            {
                return false;
            }
        }

        return true;
    }

    private static void WriteInput(JsonComposer json, ModelTensor input)
    {
        var shape = ShapeOf(input);
        json.BeginObject();
        json.Member("name", input.Name);
        json.Member("datatype", input.DataType.ProtocolName());
        json.BeginArray("shape");
        foreach (var dimension in shape.AsSpan())
        {
            json.Item(dimension);
        }

        json.EndArray();
        json.BeginArray("data");
        _ = shape.TryGetElementCount(out var count);
        for (var i = 0; i < count; i++)
        {
            WriteElement(json, input.DataType);
        }

        json.EndArray();
        json.EndObject();
    }

    private static void WriteElement(JsonComposer json, TensorDataType type)
    {
        switch (type)
        {
            case TensorDataType.Bool:
                json.Item(true);
                break;
            case TensorDataType.Bytes:
                json.Item("1");
                break;
            default:
                json.Item(1);
                break;
        }
    }

    private static TensorShape ShapeOf(ModelTensor input)
    {
        Span<long> dimensions = stackalloc long[TensorShape.MaxRank];
        input.Shape.AsSpan().CopyTo(dimensions);
        dimensions.Replace(TensorShape.Free, 1);
        return new TensorShape(dimensions[..input.Shape.Rank]);
    }
}
