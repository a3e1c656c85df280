using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.FunctionalTests.Models;
using Xunit;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>Asks the engine itself, as a protocol does.</summary>
internal sealed class AskOverEngine(IInferenceEngine engine) : IAsk
{
    public async Task<Answer> AskAsync(Question question, CancellationToken cancellationToken)
    {
        if (!(await engine.AcquireAsync(question.Model, "", cancellationToken)).TryGet(out var lease, out var refusal))
        {
            return new Answer { Status = refusal.Code.ToString(), Error = refusal.Message };
        }

        var request = new InferenceRequest(lease) { Id = question.Id };
        request.RequestedOutputs.AddRange(question.Outputs);
        foreach (var flag in question.Flags)
        {
            request.Parameters[flag] = ParameterValue.FromBool(true);
        }

        foreach (var (name, value) in question.Parameters)
        {
            request.Parameters[name] = ParameterValue.FromInt64(value);
        }

        foreach (var input in question.Inputs)
        {
            var buffer = engine.Allocator.Rent(input.Raw.Length);
            input.Raw.CopyTo(buffer.Span);
            Assert.True(TensorDataTypes.TryParse(input.DataType, out var type), input.DataType);
            request.AddInput(new TensorView(input.Name, type, new TensorShape(input.Shape), buffer));
        }

        var outcome = await engine.InferAsync(request, cancellationToken);
        using var response = outcome.Response;
        return response is null ? new Answer { Status = outcome.Error!.Code.ToString(), Error = outcome.Error.Message } : Read(response);
    }

    private static Answer Read(InferenceResponse response)
    {
        var outputs = new List<AnswerOutput>();
        foreach (var output in response.Outputs)
        {
            outputs.Add(Answer.FromRaw(output.Name, output.DataType.ProtocolName(), [.. Enumerable.Range(0, output.Shape.Rank).Select(place => output.Shape[place])], output.Span));
        }

        return new Answer { Id = response.Id, ModelName = response.ModelName, ModelVersion = $"{response.ModelVersion}", Outputs = outputs };
    }
}
