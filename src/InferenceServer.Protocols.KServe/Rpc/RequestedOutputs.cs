using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Classification;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Gives the outputs of a response the form that the request wants them in, and puts them where it wants them.</summary>
internal static class RequestedOutputs
{
    /// <summary>Replaces the outputs that are wanted as classes and writes those that go to shared memory; to be called before the response is made a message.</summary>
    /// <param name="message">The request, checked.</param>
    /// <param name="shared">The outputs that go to shared memory; null for none.</param>
    /// <param name="response">What the model answered; it stays the caller's.</param>
    /// <param name="allocator">Where the memory of new outputs comes from.</param>
    /// <param name="cancellationToken">Signalled when the client has gone.</param>
    /// <returns>Why an output cannot have that form or cannot go there, or null.</returns>
    /// <exception cref="BackendException">The memory for an output is not to be had.</exception>
    public static InferenceError? Shape(ModelInferRequest message, SharedOutputs? shared, InferenceResponse response, ITensorAllocator allocator, CancellationToken cancellationToken)
    {
        foreach (var output in message.Outputs)
        {
            if (InferParameterReader.ClassesOf(output) is > 0 and var classes
                && OutputClassifier.Apply(response, new(output.Name, classes), allocator, cancellationToken) is { } error)
            {
                return error;
            }
        }

        return shared?.Write(response);
    }
}
