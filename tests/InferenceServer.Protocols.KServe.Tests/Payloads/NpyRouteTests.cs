using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CsCheck;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Payloads;

/// <summary>Npy files in and out over the real route.</summary>
public sealed class NpyRouteTests
{
    private const string Npy = "application/x-npy";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnyTensor_ThroughAnIdentityModel_ComesBackBitForBit()
    {
        var models = TensorDataTypes.All.ToArray().SelectMany(static type => Enumerable.Range(0, TensorShape.MaxRank + 1).Select(rank => EchoModel.Of($"{type}{rank}", type, [.. Enumerable.Repeat(-1L, rank)])));
        await using var server = await KServeServer.StartAsync([.. models]);
        await Gen.Select(Gen.Int[0, TensorDataTypes.All.Length - 1], Gen.Long[0, 4].Array[0, 8].Where(static shape => shape.Aggregate(1L, static (product, dimension) => product * dimension) <= 300), Gen.Byte[1, 255].Array[2400], Gen.Bool).SampleAsync(
            async (place, dimensions, noise, isSizeKnown) =>
            {
                var (type, shape) = (TensorDataTypes.All[place], new TensorShape(dimensions));
                shape.TryGetElementCount(out var count);
                var isBytes = type == TensorDataType.Bytes;
                var data = noise[..(int)(count * (isBytes ? 3 : type.ElementSize()))];
                var descr = isBytes ? "|S3" : NpyFile.Descr(type);
                var (status, contentType, answer) = await PostAsync(server, $"{type}{dimensions.Length}", NpyFile.Of(descr, false, NpyFile.Tuple(shape), data), Npy, isSizeKnown);
                Assert.Equal((HttpStatusCode.OK, Npy), (status, contentType));
                var text = Encoding.Latin1.GetString(answer);
                Assert.StartsWith($"\u0093NUMPY\u0001\0", text, StringComparison.Ordinal);
                Assert.Contains($"{{'descr': '{(isBytes && count == 0 ? "|S1" : descr)}', 'fortran_order': False, 'shape': {NpyFile.Tuple(shape)}, }}", text, StringComparison.Ordinal);
                Assert.Equal(data, answer[^data.Length..]);
                Assert.Equal(answer.Length - data.Length, (text.IndexOf('}', StringComparison.Ordinal) / 64 * 64) + 64);
            },
            iter: 400,
            threads: 2);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData("application/npy", null, "application/json")]
    [InlineData("Application/X-NPY; q=1", "*/*", "application/json")]
    [InlineData(Npy, "application/npy", Npy)]
    [InlineData(Npy, "application/json, application/x-npy;q=0.5", "application/json")]
    [InlineData(Npy, "application/json;q=0.5, application/x-npy", Npy)]
    [InlineData(Npy, "application/json, application/x-npy", Npy)]
    [InlineData(Npy, "*/*;q=0.1, application/x-npy;q=0", "application/json")]
    [InlineData(Npy, "application/x-npyz", "application/json")]
    public async Task File_Answer_IsWhatIsAccepted(string type, string? accept, string expected)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, contentType, answer) = await PostAsync(server, "echo", NpyFile.Of("<i4", false, "(2,)", [1, 0, 0, 0, 2, 0, 0, 0]), accept, type: type);
        Assert.Equal((HttpStatusCode.OK, expected), (status, contentType));
        if (expected != Npy)
        {
            Assert.Equal("""{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"INT32","shape":[2],"data":[1,2]}]}""", Encoding.UTF8.GetString(answer));
        }
    }

    [Fact]
    public async Task File_OfOneRow_IsTheRow()
    {
        await using var server = await KServeServer.StartAsync(new EchoModel(EchoModel.Config("echo", 4, ("IN", "OUT", TensorDataType.UInt8, [-1, 3]))));
        var (_, _, answer) = await PostAsync(server, "echo", NpyFile.Of("|u1", false, "(3,)", [1, 2, 3]), null);
        Assert.Contains("\"shape\":[1,3]", Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<i8", "(1,)", "INT64")]
    [InlineData("<i4", "(1, 2)", "[1,2], expected [-1]")]
    [InlineData("|O", "(1,)", "'|O'")]
    public async Task File_ThatTheModelDoesNotTake_IsRefused(string descr, string shape, string word)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, type, answer) = await PostAsync(server, "echo", NpyFile.Of(descr, false, shape, new byte[8]), Npy);
        Assert.Equal((HttpStatusCode.BadRequest, "application/json"), (status, type));
        Assert.Contains(word, Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task File_ForSeveralInputs_IsToldWhichThereAre()
    {
        await using var server = await KServeServer.StartAsync(Two());
        var (status, _, answer) = await PostAsync(server, "two", NpyFile.Of("<i4", false, "(1,)", new byte[4]), null);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("'A', 'B'", Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", Npy, HttpStatusCode.BadRequest, "application/json")]
    [InlineData("", Npy + ", application/json", HttpStatusCode.OK, "application/json")]
    [InlineData(""","outputs":[{"name":"Y"}]""", Npy, HttpStatusCode.OK, Npy)]
    [InlineData(""","outputs":[{"name":"Y","parameters":{"binary_data":true}}]""", Npy, HttpStatusCode.OK, Npy)]
    public async Task Answer_OfSeveralOutputs_NeedsOneToBeNamed(string outputs, string accept, HttpStatusCode expected, string type)
    {
        await using var server = await KServeServer.StartAsync(Two());
        var body = """{"inputs":[{"name":"A","datatype":"INT32","shape":[1],"data":[1]},{"name":"B","datatype":"BYTES","shape":[2],"data":["x","abc"]}]""" + outputs + "}";
        var (status, contentType, answer) = await PostAsync(server, "two", Encoding.UTF8.GetBytes(body), accept, type: "application/json");
        Assert.Equal((expected, type), (status, contentType));
        if (type == Npy)
        {
            Assert.Equal("x\0\0abc"u8.ToArray(), answer[^6..]);
        }

        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Answer_StringsThatAFileCannotHold_AreRefused()
    {
        await using var server = await KServeServer.StartAsync(EchoModel.Of("text", TensorDataType.Bytes, -1));
        var (status, _, answer) = await PostAsync(server, "text", """["a\u0000"]"""u8.ToArray(), Npy, type: "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("zero byte", Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        var wide = $"[\"{new string('x', 1 << 20)}\"{string.Concat(Enumerable.Repeat(",\"\"", 300))}]";
        (status, _, answer) = await PostAsync(server, "text", Encoding.UTF8.GetBytes(wide), Npy, type: "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("the longest", Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task File_WithAHeaderLength_IsAnOrdinaryRequest()
    {
        await using var server = await KServeServer.StartAsync();
        using var content = new ByteArrayContent([1, 0, 0, 0]);
        content.Headers.ContentType = new MediaTypeHeaderValue(Npy);
        content.Headers.Add("Inference-Header-Content-Length", "0");
        using var response = await server.Client.PostAsync(new Uri(server.Address, "/v2/models/echo/infer"), content, Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task File_OverTheLimit_IsRefused()
    {
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions { MaxInputSize = 100 });
        foreach (var isSizeKnown in (bool[])[true, false])
        {
            var (status, _, answer) = await PostAsync(server, "echo", NpyFile.Of("<i4", false, "(20,)", new byte[80]), null, isSizeKnown);
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains("--http-max-input-size", Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        }
    }

    private static EchoModel Two() => new(EchoModel.Config("two", 0, ("A", "X", TensorDataType.Int32, [-1]), ("B", "Y", TensorDataType.Bytes, [-1])));

    private static async Task<(HttpStatusCode Status, string? Type, byte[] Body)> PostAsync(KServeServer server, string model, byte[] body, string? accept, bool isSizeKnown = true, string type = Npy)
    {
        using HttpContent content = isSizeKnown ? new ByteArrayContent(body) : new StreamContent(new DribblingStream(body, 100));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, $"/v2/models/{model}/infer")) { Content = content };
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await server.Client.SendAsync(request, Cancellation);
        return (response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsByteArrayAsync(Cancellation));
    }
}
