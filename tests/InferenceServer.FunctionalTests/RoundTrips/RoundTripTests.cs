using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.RoundTrips;

/// <summary>
/// Any tensor goes through the whole server and comes back bit by bit, whatever way it is sent and asked for. Of JSON only the bits of NaN are
/// not asked, which it has a single word for.
/// </summary>
public sealed class RoundTripTests(EchoServer echo) : IClassFixture<EchoServer>
{
    private const string HeaderLength = "Inference-Header-Content-Length";

    private RunningServer Server => echo.Server;

    [Fact]
    public Task Http_AnyTensors_InEveryMixOfForms_ComeBack() =>
        Gen.Select(AnyTensor.Pairs, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool).SampleAsync(
            async (pair, isBinaryA, isBinaryB, wantsBinaryA, wantsBinaryB, isNested) =>
            {
                var (a, b) = pair;
                var json = $$$"""
                    {"inputs":[{{{Input("A", a, isBinaryA, isNested)}}},{{{Input("B", b, isBinaryB, isNested)}}}],"outputs":[{{{Output("A_OUT", wantsBinaryA)}}},{{{Output("B_OUT", wantsBinaryB)}}}]}
                    """;
                byte[] body = [.. Encoding.UTF8.GetBytes(json), .. isBinaryA ? a.Data : [], .. isBinaryB ? b.Data : []];
                using var answer = await AskAsync(EchoServer.Pair(a.Type, a.Shape.Length), body, isBinaryA || isBinaryB ? Encoding.UTF8.GetByteCount(json) : null, a.Type);
                answer.AssertOutput("A_OUT", a, isExact: isBinaryA && wantsBinaryA);
                answer.AssertOutput("B_OUT", b, isExact: isBinaryB && wantsBinaryB);
                answer.AssertNoBytesLeft();
            },
            iter: 600);

    [Fact]
    public Task Http_AnyVector_AsTheBodyAlone_ComesBack() => AnyTensor.Vectors.SampleAsync(
        async tensor =>
        {
            using var answer = await AskAsync(EchoServer.Vector(tensor.Type), tensor.Data, 0, tensor.Type);
            answer.AssertOutput("A_OUT", tensor, isExact: true);
            answer.AssertNoBytesLeft();
        },
        iter: 200);

    [Fact]
    public Task Http_AnyBytes_AsTheBodyAlone_ComeBackAsOneElement() => Gen.Byte.Array[0, 5000].SampleAsync(
        async bytes =>
        {
            var tensor = new AnyTensor(TensorDataType.Bytes, [1], [.. BitConverter.GetBytes(bytes.Length), .. bytes]);
            using var answer = await AskAsync(EchoServer.Vector(TensorDataType.Bytes), bytes, 0, TensorDataType.Bytes);
            answer.AssertOutput("A_OUT", tensor, isExact: true);
        },
        iter: 50);

    [Fact]
    public Task Rpc_AnyTensors_RawAndTyped_ComeBack() =>
        Gen.Select(AnyTensor.Pairs, Gen.Bool).SampleAsync(
            async (pair, isTyped) =>
            {
                AnyTensor[] tensors = [pair.A, pair.B];
                var request = new ModelInferRequest { ModelName = EchoServer.Pair(pair.A.Type, pair.A.Shape.Length) };
                for (var i = 0; i < tensors.Length; i++)
                {
                    var input = new ModelInferRequest.Types.InferInputTensor { Name = i == 0 ? "A" : "B", Datatype = tensors[i].Type.ProtocolName(), Shape = { tensors[i].Shape.Select(static size => (long)size) } };
                    input.Contents = isTyped ? ElementBytes.ToContents(tensors[i].Type, tensors[i].Data) : null;
                    request.Inputs.Add(input);
                    if (input.Contents is null)
                    {
                        request.RawInputContents.Add(ByteString.CopyFrom(tensors[i].Data));
                    }
                }

                var response = await Server.Rpc.ModelInferAsync(request, cancellationToken: TestContext.Current.CancellationToken);

                Assert.Equal(["A_OUT", "B_OUT"], response.Outputs.Select(static output => output.Name));
                for (var i = 0; i < tensors.Length; i++)
                {
                    Assert.Equal(tensors[i].Type.ProtocolName(), response.Outputs[i].Datatype);
                    Assert.Equal(tensors[i].Shape.Select(static size => (long)size), response.Outputs[i].Shape);
                    Assert.True(response.RawOutputContents[i].Span.SequenceEqual(tensors[i].Data));
                }
            },
            iter: 400);

    private static string Input(string name, AnyTensor tensor, bool isBinary, bool isNested) =>
        $"{{\"name\":\"{name}\",\"datatype\":\"{tensor.Type.ProtocolName()}\",\"shape\":[{string.Join(',', tensor.Shape)}],"
        + (isBinary ? $"\"parameters\":{{\"binary_data_size\":{tensor.Data.Length}}}}}" : $"\"data\":{ElementBytes.ToJson(tensor, isNested)}}}");

    private static string Output(string name, bool isBinary) => $"{{\"name\":\"{name}\",\"parameters\":{{\"binary_data\":{(isBinary ? "true" : "false")}}}}}";

    private async Task<HttpTensors> AskAsync(string model, byte[] body, int? headerLength, TensorDataType type)
    {
        using var content = new ByteArrayContent(body);
        if (headerLength is { } length)
        {
            content.Headers.Add(HeaderLength, length.ToString(CultureInfo.InvariantCulture));
        }

        using var response = await Server.Http.PostAsync($"/v2/models/{model}/infer", content, TestContext.Current.CancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 1000))));
        var json = response.Headers.TryGetValues(HeaderLength, out var values) ? int.Parse(values.Single(), CultureInfo.InvariantCulture) : bytes.Length;
        return new HttpTensors(JsonDocument.Parse(ElementBytes.QuoteWords(type, Encoding.UTF8.GetString(bytes.AsSpan(0, json)))), bytes, json);
    }
}
