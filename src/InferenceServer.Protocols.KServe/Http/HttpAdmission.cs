using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>What was found out about a request before a byte of its body was read.</summary>
/// <param name="Request">The request, still empty; the caller's, as is its trace, which ends with the answer. Null when it was refused.</param>
/// <param name="Error">Why it was refused; null when it was not.</param>
/// <param name="Status">The HTTP status that goes with it.</param>
internal readonly record struct HttpAdmission(InferenceRequest? Request, InferenceError? Error, int Status)
{
    public bool TryGet([NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out InferenceError? error)
    {
        request = Request;
        error = Error;
        return request is not null;
    }
}
