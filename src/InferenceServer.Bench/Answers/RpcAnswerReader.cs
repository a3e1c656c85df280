using Google.Protobuf;
using Inference;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Answers;

internal static class RpcAnswerReader
{
    /// <summary>Parses a serialised ModelInferResponse with the generated types.</summary>
    public static Answer Read(byte[] message)
    {
        try
        {
            var response = ModelInferResponse.Parser.ParseFrom(message);
            if (response.RawOutputContents.Count == 0)
            {
                return new Answer(response.ModelName, [.. response.Outputs.Select(static o => new Tensor(o.Name, o.Datatype, [.. o.Shape], TypedContents.BytesOf(o.Contents, o.Datatype)))]);
            }

            if (response.RawOutputContents.Count != response.Outputs.Count)
            {
                throw new BenchException(
                    $"the answer has {response.Outputs.Count} outputs but {response.RawOutputContents.Count} raw contents");
            }

            return new Answer(
                response.ModelName,
                [.. response.Outputs.Select((o, i) => new Tensor(o.Name, o.Datatype, [.. o.Shape], response.RawOutputContents[i].ToByteArray()))]);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new BenchException($"the answer is no ModelInferResponse: {e.Message}", e);
        }
    }
}
