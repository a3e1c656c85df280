namespace InferenceServer.Core.Lifecycle;

/// <summary>Why a model that was asked for does not serve.</summary>
/// <param name="Reason">A sentence for whoever asked.</param>
internal sealed record LoadFailure(string Reason)
{
    /// <summary>True when it is no fault of the model or its files, so that the same request may succeed another time.</summary>
    public bool IsRetryable { get; init; }
}
