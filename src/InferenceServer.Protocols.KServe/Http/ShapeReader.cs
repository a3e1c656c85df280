using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads the <c>shape</c> of an input: an array of sizes, none of them free.</summary>
internal static class ShapeReader
{
    public static InferenceError? Read(ref JsonCursor json, string input, out TensorShape? shape)
    {
        shape = null;
        if (json.Peek() != JsonKind.Array)
        {
            return RequestErrors.Kind("shape", "an array", ref json);
        }

        Span<long> dimensions = stackalloc long[TensorShape.MaxRank];
        var rank = 0;
        var first = true;
        json.TryEnterArray();
        while (!json.Failed && json.TryNextElement(ref first))
        {
            if (rank == dimensions.Length)
            {
                return RequestErrors.Rank(input);
            }

            if (json.Peek() != JsonKind.Number)
            {
                return json.TrySkip() ? RequestErrors.Dimension(input, rank, "what is no number") : RequestErrors.Json(json);
            }

            if (!json.TryReadNumber(out var number))
            {
                return RequestErrors.Json(json);
            }

            if (!number.TryGetInt64(out dimensions[rank]) || dimensions[rank] < 0)
            {
                return RequestErrors.Dimension(input, rank, Encoding.UTF8.GetString(number.Text[..Math.Min(number.Text.Length, 40)]));
            }

            rank++;
        }

        if (json.Failed)
        {
            return RequestErrors.Json(json);
        }

        shape = new TensorShape(dimensions[..rank]);
        return null;
    }
}
