using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Scheduling;

/// <summary>A request's place among those that are answered in order. Under the lock of their <see cref="ResponseOrder"/>.</summary>
/// <param name="pending">The request.</param>
internal sealed class ResponseTurn(PendingInference pending)
{
    /// <summary>The request.</summary>
    public PendingInference Pending => pending;

    /// <summary>Where it is among them; in no list when it has been handed out.</summary>
    public LinkedListNode<ResponseTurn>? Node { get; set; }

    /// <summary>Its outcome, while it waits for its turn.</summary>
    public InferenceOutcome? Held { get; set; }
}
