using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>What a message has become.</summary>
/// <param name="Request">The request, for the engine to take over; its trace is the caller's to dispose. Null when it was refused.</param>
/// <param name="Outputs">The outputs that go to shared memory, which the caller disposes after the last response; null for none.</param>
/// <param name="Error">Why it was refused; null when it was not.</param>
internal readonly record struct RpcAdmission(InferenceRequest? Request, SharedOutputs? Outputs, InferenceError? Error)
{
    public bool TryGet([NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out InferenceError? error)
    {
        request = Request;
        error = Error;
        return request is not null;
    }
}
