using System.Text.Json;
using InferenceServer.Abstractions.Tensors;
using Xunit;

namespace InferenceServer.FunctionalTests.RoundTrips;

/// <summary>The tensors of an answer over HTTP: in its JSON, or in the bytes behind it in the order of the outputs.</summary>
internal sealed class HttpTensors(JsonDocument json, byte[] body, int jsonLength) : IDisposable
{
    private int _position = jsonLength;

    /// <summary>The next output; bit by bit, or with any NaN for a NaN.</summary>
    public void AssertOutput(string name, AnyTensor expected, bool isExact)
    {
        var output = json.RootElement.GetProperty("outputs").EnumerateArray().Single(one => one.GetProperty("name").GetString() == name);
        Assert.Equal(expected.Type.ProtocolName(), output.GetProperty("datatype").GetString());
        Assert.Equal(expected.Shape, output.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt32()));
        byte[] actual;
        if (output.TryGetProperty("data", out var data))
        {
            actual = ElementBytes.FromJson(expected.Type, data);
        }
        else
        {
            var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
            actual = body.AsSpan(_position, size).ToArray();
            _position += size;
        }

        Assert.True(
            isExact ? actual.AsSpan().SequenceEqual(expected.Data) : ElementBytes.WithOneNaN(expected.Type, actual).AsSpan().SequenceEqual(ElementBytes.WithOneNaN(expected.Type, expected.Data)),
            $"{name} is {new AnyTensor(expected.Type, expected.Shape, actual)}");
    }

    public void AssertNoBytesLeft() => Assert.Equal(body.Length, _position);

    public void Dispose() => json.Dispose();
}
