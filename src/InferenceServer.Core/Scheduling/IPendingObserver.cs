using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Scheduling;

/// <summary>Learns of the end of a request before its front end does.</summary>
internal interface IPendingObserver
{
    /// <summary>Called once, on whatever thread ends the request, under no lock. The response, if there is one, is still the caller's; an outcome of neither a response nor an
    /// error is the end of a request whose responses have all been sent. Must not throw.</summary>
    void OnEnding(PendingInference pending, in InferenceOutcome outcome);
}
