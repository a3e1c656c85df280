using System.Globalization;
using System.Numerics;
using InferenceServer.ExchangeTests.Json;
using InferenceServer.ExchangeTests.Rpc;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>Compares an answer over gRPC with the recorded one.</summary>
internal static class RpcComparison
{
    public static List<Difference> Compare(JsonObject response, RpcAnswer actual, JsonObject compare)
    {
        var found = new List<Difference>();
        var code = response.Text("code")!;
        var codes = compare.Texts("code_any");
        if (codes.Length == 0 ? actual.Code != code : !codes.Contains(actual.Code))
        {
            return [new Difference("code", code, $"{actual.Code} {actual.Message}")];
        }

        if (code != "OK")
        {
            ErrorWords.Compare("message words", compare["contains"], actual.Message, found);
        }

        if (compare.Text("mode") == "status")
        {
            return found;
        }

        if (response.Object("response") is { } unary)
        {
            new JsonComparison(compare, found).Compare(FoldRaw(unary), FoldRaw(actual.Response ?? []));
        }

        if (response.Has("responses"))
        {
            CompareStream(response.List("responses"), actual.Responses ?? [], compare, found);
        }

        return found;
    }

    private static void CompareStream(List<object?> recorded, List<object?> came, JsonObject compare, List<Difference> found)
    {
        var expected = recorded.Cast<JsonObject>().Select(FoldRaw).ToList();
        var actual = came.Cast<JsonObject>().Select(FoldRaw).ToList();
        if (compare["any_order"] is true)
        {
            // Stable: the order within one request is kept.
            expected = [.. expected.OrderBy(OrderKey, StringComparer.Ordinal)];
            actual = [.. actual.OrderBy(OrderKey, StringComparer.Ordinal)];
        }

        if (expected.Count != actual.Count)
        {
            found.Add(Difference.Of("response count", new BigInteger(expected.Count), new BigInteger(actual.Count)));
        }

        for (var i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            var (left, right) = (expected[i], actual[i]);
            if (left.Text("error_message") is { Length: > 0 } error)
            {
                var words = compare["contains"] is JsonObject byIndex ? byIndex[i.ToString(CultureInfo.InvariantCulture)] : compare["contains"];
                if (right.Text("error_message") is { Length: > 0 } text)
                {
                    ErrorWords.Compare($"response {i} error words", words, text, found);
                }
                else
                {
                    found.Add(new Difference($"response {i} error", error, Difference.Absent));
                }

                left.Take("error_message");
                right.Take("error_message");
            }

            new JsonComparison(compare, found).Compare(left, right, $"/{i}");
        }
    }

    private static string OrderKey(JsonObject response) => $"{response.Object("infer_response")?.Text("id")} {response.Has("error_message")}";

    /// <summary>A copy with every raw content in its output and the outputs by name, so that their order does not matter.</summary>
    private static JsonObject FoldRaw(JsonObject response)
    {
        var copy = (JsonObject)Copy(response)!;
        foreach (var inference in new[] { copy, copy.Object("infer_response") })
        {
            if (inference is null || !inference.Has("outputs"))
            {
                continue;
            }

            var outputs = inference.List("outputs");
            if (inference.Take("raw_output_contents") is List<object?> raw)
            {
                inference["<raw count>"] = new BigInteger(raw.Count);
                foreach (var (output, content) in outputs.Zip(raw))
                {
                    ((JsonObject)output!)["<raw>"] = content;
                }
            }

            inference["outputs"] = outputs.OrderBy(static output => ((JsonObject)output!).Text("name"), StringComparer.Ordinal).ToList();
        }

        return copy;
    }

    private static object? Copy(object? value)
    {
        switch (value)
        {
            case JsonObject members:
                var copy = new JsonObject();
                copy.AddRange(members.Select(static member => KeyValuePair.Create(member.Key, Copy(member.Value))));
                return copy;
            case List<object?> list:
                return list.ConvertAll(Copy);
            default:
                return value;
        }
    }
}
