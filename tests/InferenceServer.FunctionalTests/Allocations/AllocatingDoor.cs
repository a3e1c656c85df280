using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Inference;
using Xunit;

namespace InferenceServer.FunctionalTests.Allocations;

/// <summary>Makes a request once and sends it any number of times, by one of the ways that the server is asked.</summary>
internal static class AllocatingDoor
{
    private const string Json = "JSON";
    private const string Binary = "binary";
    private const string Rpc = "gRPC";
    private const string HeaderLength = "Inference-Header-Content-Length";

    /// <summary>The ways.</summary>
    public static string[] Names { get; } = [Json, Binary, Rpc];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Sends FP32 tensors of one shape to a model, and reads its answer to the end.</summary>
    public static Func<Task> Open(string name, IAllocatingServer server, string model, string[] inputs, long[] shape)
    {
        var values = new float[shape.Aggregate(1L, static (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = i % 100;
        }

        return name switch
        {
            Json => OverHttp(server, model, Encoding.UTF8.GetBytes(Head(inputs, shape, $"\"data\":[{string.Join(',', values.Select(static value => value.ToString("0.0", CultureInfo.InvariantCulture)))}]", "")), null),
            Binary => OverBinary(server, model, inputs, shape, MemoryMarshal.AsBytes<float>(values)),
            _ => OverRpc(server, model, inputs, shape, ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values))),
        };
    }

    private static string Head(string[] inputs, long[] shape, string rest, string parameters) =>
        $"{{{parameters}\"inputs\":[{string.Join(',', inputs.Select(input => $"{{\"name\":\"{input}\",\"datatype\":\"FP32\",\"shape\":[{string.Join(',', shape)}],{rest}}}"))}]}}";

    private static Func<Task> OverBinary(IAllocatingServer server, string model, string[] inputs, long[] shape, ReadOnlySpan<byte> data)
    {
        var head = Encoding.UTF8.GetBytes(Head(inputs, shape, $"\"parameters\":{{\"binary_data_size\":{data.Length}}}", "\"parameters\":{\"binary_data_output\":true},"));
        var body = new byte[head.Length + (inputs.Length * data.Length)];
        head.CopyTo(body, 0);
        for (var i = 0; i < inputs.Length; i++)
        {
            data.CopyTo(body.AsSpan(head.Length + (i * data.Length)));
        }

        return OverHttp(server, model, body, head.Length);
    }

    private static Func<Task> OverHttp(IAllocatingServer server, string model, byte[] body, int? headerLength)
    {
        var address = new Uri($"/v2/models/{model}/infer", UriKind.Relative);
        return async () =>
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue(headerLength is null ? "application/json" : "application/octet-stream");
            if (headerLength is { } length)
            {
                content.Headers.Add(HeaderLength, length.ToString(CultureInfo.InvariantCulture));
            }

            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
            using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            await response.Content.CopyToAsync(Stream.Null, Token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        };
    }

    private static Func<Task> OverRpc(IAllocatingServer server, string model, string[] inputs, long[] shape, ByteString data)
    {
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(server.Channel);
        var message = new ModelInferRequest { ModelName = model };
        foreach (var input in inputs)
        {
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = input, Datatype = "FP32", Shape = { shape } });
            message.RawInputContents.Add(data);
        }

        return async () =>
        {
            var answer = await client.ModelInferAsync(message, cancellationToken: Token);
            Assert.Equal(data.Length, answer.RawOutputContents[0].Length);
        };
    }
}
