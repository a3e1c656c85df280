using System.Diagnostics.CodeAnalysis;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>What a stream's answers repeat of their request, and the messages made of it.</summary>
/// <param name="Request">The request's message, without its tensors.</param>
/// <param name="Shared">The outputs that go to shared memory, each response in turn; null for none. Disposed by whoever sends the last answer.</param>
internal sealed record StreamReply(ModelInferRequest Request, SharedOutputs? Shared = null)
{
    public const string FinalName = "triton_final_response";

    /// <summary>What is known of the request, which is over with its last answer.</summary>
    public required RequestRecord Record { get; init; }

    /// <summary>The request's place among those that its caller may have in flight, which it gives up with its last answer; null when they are not counted.</summary>
    public CallerPermit? Permit { get; init; }

    /// <summary>What its message has of the memory for bodies, which it gives up with its last answer; null when it is small.</summary>
    public RequestRoom? Room { get; init; }

    /// <summary>True when the request wants to be told of an end that comes without a response.</summary>
    public bool WantsEmptyFinal => Request.Parameters.TryGetValue(InferParameterReader.EmptyFinalResponse, out var flag) && flag.BoolParam;

    /// <summary>The message of one response, which points to the response's memory.</summary>
    public bool TryMake(InferenceResponse response, [NotNullWhen(true)] out ModelStreamInferResponse? message, [NotNullWhen(false)] out InferenceError? error)
    {
        message = null;
        if (!InferResponseWriter.TryWrite(response, Shared, out var answer, out error))
        {
            return false;
        }

        answer.Parameters[FinalName] = Flag(response.IsFinal);
        message = new ModelStreamInferResponse { InferResponse = answer };
        return true;
    }

    /// <summary>The message that says that nothing follows.</summary>
    public ModelStreamInferResponse MakeEmptyFinal() => new()
    {
        InferResponse = new ModelInferResponse { ModelName = Request.ModelName, ModelVersion = Request.ModelVersion, Id = Request.Id, Parameters = { [FinalName] = Flag(true) } },
    };

    /// <summary>The message of an error. One that comes from the model says so by naming it, and is final.</summary>
    public ModelStreamInferResponse MakeError(InferenceError error, bool wasAccepted)
    {
        var answer = new ModelInferResponse { Id = Request.Id };
        if (wasAccepted)
        {
            answer.ModelName = Request.ModelName;
            answer.Parameters[FinalName] = Flag(true);
        }

        return new ModelStreamInferResponse { ErrorMessage = error.Message, InferResponse = answer };
    }

    private static InferParameter Flag(bool value) => new() { BoolParam = value };
}
