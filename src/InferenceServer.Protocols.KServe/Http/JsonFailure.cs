namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Where a text stops being JSON, and why.</summary>
/// <param name="Offset">The byte, counted from the beginning of the text.</param>
/// <param name="Reason">What was expected there and what came.</param>
internal sealed record JsonFailure(int Offset, string Reason)
{
    public override string ToString() => $"{Reason} at offset {Offset}";
}
