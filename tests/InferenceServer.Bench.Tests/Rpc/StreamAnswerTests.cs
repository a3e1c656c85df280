using CsCheck;
using Google.Protobuf;
using Inference;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.Rpc;
using Xunit;

namespace InferenceServer.Bench.Tests.Rpc;

public sealed class StreamAnswerTests
{
    [Theory]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Read_Answer_SaysWhetherItIsTheLast(bool? marked, bool isFinal)
    {
        var answer = StreamAnswer.Read(Answer("0-17", marked).ToByteArray());

        Assert.Equal(isFinal, answer.IsFinal);
        Assert.True(answer.HasOutputs);
        Assert.Null(answer.Error);
        Assert.True(StreamMessage.TryReadId(answer.Id, out var slot, out var number));
        Assert.Equal((0, 17), (slot, number));
    }

    [Fact]
    public void Read_EmptyLastResponse_HasNoOutputs()
    {
        var message = Answer("1-2", true);
        message.InferResponse.Outputs.Clear();
        message.InferResponse.RawOutputContents.Clear();

        var answer = StreamAnswer.Read(message.ToByteArray());

        Assert.True(answer.IsFinal);
        Assert.False(answer.HasOutputs);
    }

    [Fact]
    public void Read_Failure_HasItsMessageAndTheIdOfItsRequest()
    {
        var answer = StreamAnswer.Read(new ModelStreamInferResponse { ErrorMessage = "no such input", InferResponse = new ModelInferResponse { Id = "3-4" } }.ToByteArray());

        Assert.Equal("no such input", answer.Error);
        Assert.True(StreamMessage.TryReadId(answer.Id, out var slot, out _));
        Assert.Equal(3, slot);
    }

    [Fact]
    public void Digest_SameOutputs_IsTheSameWhateverTheId()
    {
        var first = StreamAnswer.Read(Answer("0-1", null).ToByteArray()).Digest;
        var other = Answer("0-1", null);
        other.InferResponse.RawOutputContents[0] = ByteString.CopyFrom(9, 9);

        Assert.Equal(first, StreamAnswer.Read(Answer("5-123", true).ToByteArray()).Digest);
        Assert.NotEqual(first, StreamAnswer.Read(other.ToByteArray()).Digest);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("-1")]
    [InlineData("1-")]
    [InlineData("a-b")]
    [InlineData("1-2x")]
    public void TryReadId_OfSomebodyElse_IsFalse(string id) => Assert.False(StreamMessage.TryReadId(System.Text.Encoding.ASCII.GetBytes(id), out _, out _));

    [Fact]
    public void Read_AnyBytes_GivesAnAnswerOrSaysThatItIsNone() => Gen.Byte.Array[0, 60].Sample(static bytes =>
    {
        try
        {
            StreamAnswer.Read(bytes);
        }
        catch (BadResponseException)
        {
            // That is what it is for.
        }
    });

    [Fact]
    public void Read_CutAnswer_SaysThatItIsNone()
    {
        var whole = Answer("0-1", true).ToByteArray();

        Assert.Throws<BadResponseException>(() => StreamAnswer.Read(whole.AsSpan(0, whole.Length - 1)));
    }

    private static ModelStreamInferResponse Answer(string id, bool? isFinal)
    {
        var response = new ModelInferResponse { Id = id, ModelName = "m", ModelVersion = "1" };
        response.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor { Name = "o", Datatype = "UINT8", Shape = { 2 } });
        response.RawOutputContents.Add(ByteString.CopyFrom(1, 2));
        if (isFinal is { } marked)
        {
            response.Parameters["other"] = new InferParameter { Int64Param = 1 };
            response.Parameters["triton_final_response"] = new InferParameter { BoolParam = marked };
        }

        return new ModelStreamInferResponse { InferResponse = response };
    }
}
