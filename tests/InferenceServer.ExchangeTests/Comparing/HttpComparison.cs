using System.Numerics;
using System.Text;
using InferenceServer.ExchangeTests.Http;
using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>Compares an answer over HTTP with the recorded one.</summary>
internal static class HttpComparison
{
    public static List<Difference> Compare(JsonObject response, HttpAnswer actual, JsonObject compare)
    {
        var found = new List<Difference>();
        var expected = Recorded(response);
        var statuses = compare.List("status_any");
        if (statuses.Count == 0 ? actual.Status != expected.Status : !statuses.Contains(new BigInteger(actual.Status)))
        {
            found.Add(Difference.Of("status", new BigInteger(expected.Status), new BigInteger(actual.Status)));
        }

        foreach (var name in compare.Texts("headers"))
        {
            CompareHeader(name, expected, actual, found);
        }

        try
        {
            CompareBody(expected, actual, compare, found);
        }
        catch (Exception exception) when (exception is FormatException or InvalidCastException or NullReferenceException or ArgumentException)
        {
            found.Add(new Difference("body", Encoding.UTF8.GetString(expected.Body), $"{exception.Message}: {Encoding.UTF8.GetString(actual.Body)}"));
        }

        return found;
    }

    private static HttpAnswer Recorded(JsonObject response) => new(
        response.Number("status") ?? 0,
        (response.Object("headers") ?? []).ToDictionary(static header => header.Key, static header => (string)header.Value!),
        ExchangeBody.Of(response));

    private static void CompareHeader(string name, HttpAnswer expected, HttpAnswer actual, List<Difference> found)
    {
        var key = name.ToLowerInvariant();
        var (left, right) = (expected.Headers.GetValueOrDefault(key), actual.Headers.GetValueOrDefault(key));
        if (key == "content-type" && left is not null && right is not null)
        {
            // Parameters such as charset are free.
            (left, right) = (left.Split(';')[0].Trim(), right.Split(';')[0].Trim());
        }

        if (left != right)
        {
            found.Add(Difference.Of("header " + name, left, right));
        }
    }

    private static void CompareBody(HttpAnswer expected, HttpAnswer actual, JsonObject compare, List<Difference> found)
    {
        switch (compare.Text("mode"))
        {
            case "exact-json":
                new JsonComparison(compare, found).Compare(JsonText.Parse(expected.Body), JsonText.Parse(actual.Body));
                break;
            case "status+error-contains":
                CompareError(actual, compare, found);
                break;
            case "bytes":
                if (!expected.Body.AsSpan().SequenceEqual(actual.Body))
                {
                    found.Add(new Difference("body", Encoding.UTF8.GetString(expected.Body), Encoding.UTF8.GetString(actual.Body)));
                }

                break;
            case "infer-binary":
                new JsonComparison(compare, found).Compare(SplitBinary(expected), SplitBinary(actual));
                break;
            case "sse":
                CompareEvents(Events(expected.Body), Events(actual.Body), compare, found);
                break;
            case "metrics":
                new MetricsText(Encoding.UTF8.GetString(actual.Body)).Compare(compare, found);
                break;
            case "status":
                break;
            case var mode:
                found.Add(Difference.Of("mode", "a known one", mode));
                break;
        }
    }

    private static void CompareError(HttpAnswer actual, JsonObject compare, List<Difference> found)
    {
        if (JsonText.Parse(actual.Body) is JsonObject { Count: 1 } error && error["error"] is string text)
        {
            ErrorWords.Compare("error words", compare["contains"], text, found);
        }
        else
        {
            found.Add(new Difference("error body", "one member 'error' with a text", Encoding.UTF8.GetString(actual.Body)));
        }
    }

    /// <summary>The JSON of an answer with binary outputs, with the bytes of each in it, and how many bytes are left over.</summary>
    private static JsonObject SplitBinary(HttpAnswer answer)
    {
        var length = answer.Headers.TryGetValue("inference-header-content-length", out var header) ? int.Parse(header, System.Globalization.CultureInfo.InvariantCulture) : answer.Body.Length;
        var document = (JsonObject)JsonText.Parse(answer.Body.AsSpan(0, length))!;
        var position = length;
        foreach (var output in document.List("outputs").Cast<JsonObject>())
        {
            if (output.Object("parameters")?.Number("binary_data_size") is { } size)
            {
                output["<bytes>"] = Convert.ToBase64String(answer.Body.AsSpan(Math.Min(position, answer.Body.Length), Math.Clamp(size, 0, Math.Max(answer.Body.Length - position, 0))));
                position += size;
            }
        }

        document["<surplus>"] = new BigInteger(answer.Body.Length - position);
        return document;
    }

    private static List<object?> Events(byte[] body) =>
        [.. Encoding.UTF8.GetString(body).Split("\n\n").Where(static text => text.StartsWith("data: ", StringComparison.Ordinal)).Select(static text => JsonText.Parse(text[6..]))];

    private static void CompareEvents(List<object?> expected, List<object?> actual, JsonObject compare, List<Difference> found)
    {
        if (expected.Count != actual.Count)
        {
            found.Add(Difference.Of("event count", new BigInteger(expected.Count), new BigInteger(actual.Count)));
        }

        for (var i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            if (expected[i] is JsonObject { Count: 1 } left && left.Has("error") && actual[i] is JsonObject right && right.Has("error"))
            {
                ErrorWords.Compare($"event {i} error words", compare["contains"], right["error"] as string ?? JsonText.Write(right["error"]), found);
            }
            else
            {
                new JsonComparison(compare, found).Compare(expected[i], actual[i], $"/event{i}");
            }
        }
    }
}
