namespace InferenceServer.Bench.Load;

/// <summary>Failures of one kind.</summary>
/// <param name="Kind">What was counted together.</param>
/// <param name="Count">How many there were.</param>
/// <param name="FirstMessage">What the first one said.</param>
internal sealed record ErrorCount(string Kind, long Count, string FirstMessage)
{
    public override string ToString() => FormattableString.Invariant($"{Count} x {Kind}{(FirstMessage.Length == 0 ? "" : $" (first: {FirstMessage})")}");
}
