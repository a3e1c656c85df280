using Google.Protobuf;
using Inference;
using InferenceServer.Bench.Answers;
using Xunit;

namespace InferenceServer.Bench.Tests.Answers;

public sealed class RpcAnswerReaderTests
{
    [Theory]
    [InlineData("FP32", "0000803F00000040")]
    [InlineData("INT16", "01000200")]
    [InlineData("UINT8", "0102")]
    [InlineData("INT64", "01000000000000000200000000000000")]
    [InlineData("BOOL", "0100")]
    [InlineData("BYTES", "010000006102000000626")]
    public void Read_TypedContents_AreTheSameAsRawOnes(string dataType, string start)
    {
        var response = new ModelInferResponse { ModelName = "m" };
        response.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor
        {
            Name = "o",
            Datatype = dataType,
            Shape = { 2 },
            Contents = new InferTensorContents
            {
                Fp32Contents = { 1, 2 },
                IntContents = { 1, 2 },
                UintContents = { 1, 2 },
                Int64Contents = { 1, 2 },
                BoolContents = { true, false },
                BytesContents = { ByteString.CopyFromUtf8("a"), ByteString.CopyFromUtf8("bc") },
            },
        });

        Assert.StartsWith(start, Convert.ToHexString(RpcAnswerReader.Read(response.ToByteArray()).Outputs[0].Data), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FewerRawContentsThanOutputs_IsRefused()
    {
        var response = new ModelInferResponse { ModelName = "m", Outputs = { new ModelInferResponse.Types.InferOutputTensor(), new ModelInferResponse.Types.InferOutputTensor() } };
        response.RawOutputContents.Add(ByteString.Empty);

        Assert.Contains("2 outputs but 1 raw contents", Assert.Throws<BenchException>(() => RpcAnswerReader.Read(response.ToByteArray())).Message, StringComparison.Ordinal);
    }
}
