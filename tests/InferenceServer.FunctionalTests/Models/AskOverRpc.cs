using Google.Protobuf;
using Grpc.Core;
using Inference;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>Asks over gRPC with raw contents and the generated client.</summary>
internal sealed class AskOverRpc(GRPCInferenceService.GRPCInferenceServiceClient client) : IAsk
{
    public async Task<Answer> AskAsync(Question question, CancellationToken cancellationToken)
    {
        try
        {
            return Read(await client.ModelInferAsync(Message(question), cancellationToken: cancellationToken));
        }
        catch (RpcException exception)
        {
            return new Answer { Status = exception.StatusCode.ToString(), Error = exception.Status.Detail };
        }
    }

    private static ModelInferRequest Message(Question question)
    {
        var message = new ModelInferRequest { ModelName = question.Model, Id = question.Id };
        foreach (var input in question.Inputs)
        {
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = input.DataType, Shape = { input.Shape } });
            message.RawInputContents.Add(ByteString.CopyFrom(input.Raw));
        }

        foreach (var flag in question.Flags)
        {
            message.Parameters[flag] = new InferParameter { BoolParam = true };
        }

        foreach (var (name, value) in question.Texts)
        {
            message.Parameters[name] = new InferParameter { StringParam = value };
        }

        foreach (var (name, value) in question.Parameters)
        {
            message.Parameters[name] = new InferParameter { Int64Param = value };
        }

        message.Outputs.AddRange(question.Outputs.Select(static name => new ModelInferRequest.Types.InferRequestedOutputTensor { Name = name }));
        return message;
    }

    private static Answer Read(ModelInferResponse response) => new()
    {
        Id = response.Id,
        ModelName = response.ModelName,
        ModelVersion = response.ModelVersion,
        Outputs = [.. response.Outputs.Zip(response.RawOutputContents, static (output, raw) => Answer.FromRaw(output.Name, output.Datatype, [.. output.Shape], raw.Span))],
    };
}
