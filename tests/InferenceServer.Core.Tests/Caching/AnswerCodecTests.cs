using CsCheck;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Memory;
using InferenceServer.Testing.Tensors;
using Xunit;
using static InferenceServer.Core.Tests.Caching.CacheFixture;

namespace InferenceServer.Core.Tests.Caching;

public sealed class AnswerCodecTests
{
    private static readonly Dictionary<string, ParameterValue> s_parameters = new()
    {
        ["text"] = ParameterValue.FromString("ä"),
        ["flag"] = ParameterValue.FromBool(true),
        ["signed"] = ParameterValue.FromInt64(-3),
        ["unsigned"] = ParameterValue.FromUInt64(ulong.MaxValue),
        ["real"] = ParameterValue.FromDouble(0.1),
    };

    [Fact]
    public void Answer_WrittenAndRead_IsTheSame()
    {
        using var answer = Make();
        using var read = AnswerCodec.TryRead(Key(1), AnswerCodec.Write(Key(1), answer));

        Assert.NotNull(read);
        Assert.Equal(s_parameters.OrderBy(static pair => pair.Key), read.Parameters.OrderBy(static pair => pair.Key));
        Assert.Equal(3, read.Outputs.Length);
        for (var i = 0; i < read.Outputs.Length; i++)
        {
            var (before, after) = (answer.Outputs[i], read.Outputs[i]);
            Assert.Equal((before.Name, before.DataType, before.Shape), (after.Name, after.DataType, after.Shape));
            Assert.True(before.Span.SequenceEqual(after.Span));
        }
    }

    [Fact]
    public void Bytes_UnderAnotherKey_AreNoAnswer()
    {
        using var answer = Make();

        Assert.Null(AnswerCodec.TryRead(Key(2), AnswerCodec.Write(Key(1), answer)));
    }

    [Fact]
    public void Bytes_WithOneThatIsDifferent_AreNoAnswer()
    {
        using var answer = Make();
        var bytes = AnswerCodec.Write(Key(1), answer);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x10;
            Assert.Null(AnswerCodec.TryRead(Key(1), bytes));
            bytes[i] ^= 0x10;
        }
    }

    [Fact]
    public void Bytes_CutShortOrTooLong_AreNoAnswer()
    {
        using var answer = Make();
        var bytes = AnswerCodec.Write(Key(1), answer);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Null(AnswerCodec.TryRead(Key(1), bytes.AsSpan(0, length)));
        }

        Assert.Null(AnswerCodec.TryRead(Key(1), [.. bytes, 0]));
    }

    /// <summary>Anything under a right digest: the checks behind it must stand by themselves.</summary>
    [Fact]
    public void Anything_UnderARightDigest_IsReadOrRefused() => Gen.Byte.Array[0, 200].Sample(static noise =>
    {
        using var answer = AnswerCodec.TryRead(Key(1), AnswerCodec.Seal(Key(1), noise));
    }, iter: 20_000);

    [Fact]
    public void AlmostAnAnswer_UnderARightDigest_IsReadOrRefused()
    {
        using var answer = Make();
        var body = AnswerCodec.Write(Key(1), answer)[AnswerCodec.HeadSize..];
        Gen.Select(Gen.Int[0, body.Length - 1], Gen.Byte, Gen.Int[0, body.Length]).Sample((place, value, length) =>
        {
            byte[] changed = [.. body];
            changed[place] = value;
            using var read = AnswerCodec.TryRead(Key(1), AnswerCodec.Seal(Key(1), changed[..length]));
            if (read is not null)
            {
                foreach (var output in read.Outputs)
                {
                    Assert.True(output.DataType == TensorDataType.Bytes || (output.Shape.TryGetByteCount(output.DataType, out var bytes) && bytes == output.Length));
                }
            }
        }, iter: 20_000);
    }

    private static CachedAnswer Make()
    {
        using var pool = new TensorPool(new TensorPoolOptions());
        using var numbers = TestTensor.Of<float>(pool, "Y", TensorDataType.Fp32, new TensorShape(2, 3), [1, 2, 3, 4, 5, 6]);
        using var texts = TestTensor.OfStrings(pool, "S", new TensorShape(2), "one", "");
        using var nothing = TestTensor.Of<long>(pool, "N", TensorDataType.Int64, new TensorShape(0, 4), []);
        return CachedAnswer.TryCopy([numbers, texts, nothing], s_parameters)!;
    }
}
