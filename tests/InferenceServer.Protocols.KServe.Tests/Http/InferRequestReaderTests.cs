using System.Globalization;
using System.Text;
using CsCheck;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

public class InferRequestReaderTests
{
    private const string TwoBinary = """{"inputs":[{"name":"A","datatype":"UINT8","shape":[5],"parameters":{"binary_data_size":5}},{"name":"J","datatype":"INT8","shape":[1],"data":[7]},{"name":"B","datatype":"UINT8","shape":[3],"parameters":{"binary_data_size":3}}]}""";

    private static readonly ModelConfig s_two = EchoModel.Config("two", 0, ("A", "X", TensorDataType.UInt8, [-1]), ("B", "Y", TensorDataType.UInt8, [-1]));

    [Fact]
    public void Any_Pieces_GiveTheSameTensors() =>
        Gen.Select(Gen.Int[1, 40].Array[1, 6], Gen.Bool).Sample((pieces, isLengthKnown) =>
        {
            var result = Read(TwoBinary, [1, 2, 3, 4, 5, 6, 7, 8], s_two, isLengthKnown, pieces);
            Assert.Null(result.Error);
            Assert.Equal([[1, 2, 3, 4, 5], [7], [6, 7, 8]], result.Inputs);
        });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_Cut_IsRefusedAndGivesEverythingBack(bool isLengthKnown)
    {
        var whole = TwoBinary.Length + 8;
        for (var length = TwoBinary.Length; length < whole; length++)
        {
            var tail = new byte[length - TwoBinary.Length];
            var error = Read(TwoBinary, tail, s_two, isLengthKnown, 7).Error;
            var (name, missing) = tail.Length < 5 ? ("A", 5 - tail.Length) : ("B", 8 - tail.Length);
            Assert.Equal($"unexpected size for input '{name}', expecting {missing} additional bytes for model 'two'", error?.Message);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Surplus_IsRefused(bool isLengthKnown) =>
        Assert.Equal("unexpected additional input data for model 'two'", Read(TwoBinary, new byte[9], s_two, isLengthKnown, 1000).Error?.Message);

    [Theory]
    [InlineData("-1", "(0, 233)|-1")]
    [InlineData("5000", "(0, 233)|5000")]
    [InlineData("abc", "Unable to parse|abc")]
    [InlineData("12.5", "Unable to parse|12.5")]
    [InlineData("0x10", "Unable to parse|0x10")]
    [InlineData("", "Unable to parse")]
    [InlineData(" 12", "Unable to parse")]
    [InlineData("99999999999", "out of range|99999999999")]
    public void HeaderLength_Wrong_IsRefused(string value, string words)
    {
        var error = Read(TwoBinary, new byte[8], s_two, true, [1000], value).Error;
        Assert.Equal(ErrorCode.InvalidArgument, error?.Code);
        Assert.All(words.Replace("233", (TwoBinary.Length + 8).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Split('|'), word => Assert.Contains(word, error!.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void HeaderLength_Long_IsNotRepeatedWhole() =>
        Assert.InRange(Read(TwoBinary, new byte[8], s_two, true, [1000], new string('x', 5000)).Error!.Message.Length, 100, 200);

    [Fact]
    public void HeaderLength_BeyondAnOpenEndedBody_SaysHowMuchIsMissing() =>
        Assert.Equal("unexpected size for request JSON, expecting 3 more bytes", Read("{}", [1], s_two, false, [1], "6").Error?.Message);

    [Fact]
    public void BinarySize_WithoutBinaryPart_IsRefused() =>
        Assert.Equal("unexpected size for input 'A', expecting 5 additional bytes for model 'two'", Read(TwoBinary, [], s_two, true, [9], null).Error?.Message);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Empty_Body_IsRefused(bool isLengthKnown) => Assert.Contains("empty", Read("", [], s_two, isLengthKnown, [9], null).Error?.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Json_BeyondTheLimit_IsRefused(bool isLengthKnown)
    {
        var error = Read(new string(' ', 2049), [], s_two, isLengthKnown, [500], null).Error;
        Assert.Contains("2048", error?.Message, StringComparison.Ordinal);
        Assert.EndsWith("Use --http-max-input-size to increase the limit.", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_UpToTheLimit_IsRead() =>
        Assert.Null(Read("""{"inputs":[]}""" + new string(' ', 2048 - 13), [], s_two, false, [500], null).Error);

    [Fact]
    public void OpenEnded_InputsBeyondTheBodyLimit_AreRefusedBeforeTheyAreRented()
    {
        var text = """{"inputs":[{"name":"A","datatype":"UINT8","shape":[5],"parameters":{"binary_data_size":999999999999}}]}""";
        var exception = Assert.Throws<BadHttpRequestException>(() => Read(text, [], s_two, false, 100));
        Assert.Equal(413, exception.StatusCode);
    }

    [Theory]
    [InlineData(TensorDataType.Int32, 0, new long[] { -1 }, 12, new long[] { 3 })]
    [InlineData(TensorDataType.Int32, 0, new long[] { -1 }, 0, new long[] { 0 })]
    [InlineData(TensorDataType.Int32, 0, new long[] { -1 }, 5, new long[] { 1 })]
    [InlineData(TensorDataType.Fp32, 4, new long[] { -1, -1, 3 }, 24, new long[] { 1, 2, 3 })]
    [InlineData(TensorDataType.Fp32, 4, new long[] { -1, 5 }, 20, new long[] { 1, 5 })]
    [InlineData(TensorDataType.Bytes, 4, new long[] { -1, 1 }, 3, new long[] { 1, 1 })]
    public void Raw_Bytes_GiveTheOnlyInput(TensorDataType type, int maxBatchSize, long[] shape, int bytes, long[] expected)
    {
        foreach (var isLengthKnown in (bool[])[true, false])
        {
            var result = Read("", new byte[bytes], EchoModel.Config("raw", maxBatchSize, ("IN", "OUT", type, shape)), isLengthKnown, [7], "0");
            Assert.Null(result.Error);
            Assert.Equal(new TensorShape(expected), result.Shapes[0]);
            Assert.Equal(bytes + (type == TensorDataType.Bytes ? 4 : 0), result.Inputs[0].Length);
            Assert.True(result.SendsBinary);
        }
    }

    [Fact]
    public void Raw_NotDeducible_IsRefused()
    {
        Assert.Contains("got 2 inputs in 'two'", Read("", [], s_two, true, [7], "0").Error?.Message, StringComparison.Ordinal);
        Assert.Contains("more than one variable-sized dimension", Read("", [], EchoModel.Config("m", 0, ("IN", "OUT", TensorDataType.Int8, [-1, -1])), true, [7], "0").Error?.Message, StringComparison.Ordinal);
        Assert.Contains("shape [1]", Read("", [], EchoModel.Config("m", 0, ("IN", "OUT", TensorDataType.Bytes, [-1])), true, [7], "0").Error?.Message, StringComparison.Ordinal);
        Assert.Contains("2048", Read("", new byte[4096], EchoModel.Config("m", 0, ("IN", "OUT", TensorDataType.Int8, [-1])), true, [7], "0").Error?.Message, StringComparison.Ordinal);
        Assert.Contains("2048", Read("", new byte[4096], EchoModel.Config("m", 0, ("IN", "OUT", TensorDataType.Int8, [-1])), false, [7], "0").Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_Body_NeverLeaks() =>
        Gen.Select(Gen.Byte.Array[0, 80], Gen.Int[0, 90], Gen.Bool).Sample((tail, headerLength, isLengthKnown) =>
        {
            try
            {
                Read(TwoBinary[..Math.Min(TwoBinary.Length, headerLength * 3)], tail, s_two, isLengthKnown, [13], (TwoBinary.Length + headerLength - 45).ToString(CultureInfo.InvariantCulture));
            }
            catch (BadHttpRequestException)
            {
            }
        });

    private static Result Read(string text, byte[] tail, ModelConfig model, bool isLengthKnown, params int[] pieces) =>
        Read(text, tail, model, isLengthKnown, pieces, Encoding.UTF8.GetByteCount(text).ToString(CultureInfo.InvariantCulture));

    private static Result Read(string text, byte[] tail, ModelConfig model, bool isLengthKnown, int[] pieces, string? headerLength)
    {
        byte[] body = [.. Encoding.UTF8.GetBytes(text), .. tail];
        var context = new DefaultHttpContext();
        context.Request.Body = new DribblingStream(body, pieces);
        context.Request.ContentLength = isLengthKnown ? body.Length : null;
        if (headerLength is not null)
        {
            context.Request.Headers[InferResponseWriter.HeaderLengthName] = headerLength;
        }

        var allocator = new CountingAllocator();
        try
        {
            using var header = new InferHeader();
            var reader = new InferRequestReader(allocator, new KServeHttpOptions { MaxInputSize = 2048, MaxRequestBytes = 1 << 20 });
            var reading = reader.ReadAsync(context.Request, model, header).AsTask();
            Assert.True(reading.IsCompleted);
            return new Result(
                reading.GetAwaiter().GetResult(),
                [.. header.Inputs.Select(static input => input.Data?.Span.ToArray() ?? [])],
                [.. header.Inputs.Select(static input => input.Head.Shape)],
                header.SendsBinary ?? false);
        }
        finally
        {
            Assert.Equal(0, allocator.Rented);
            Assert.True(allocator.Largest <= 1 << 20);
        }
    }

    private sealed record Result(InferenceError? Error, byte[][] Inputs, TensorShape[] Shapes, bool SendsBinary);
}
