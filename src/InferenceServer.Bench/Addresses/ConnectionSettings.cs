namespace InferenceServer.Bench.Addresses;

/// <summary>How connections are made, whatever they carry.</summary>
/// <param name="Timeout">The longest time for a connection to open, and for one answer.</param>
/// <param name="Headers">Fields that every request carries besides its own, such as a key. Their values are never printed.</param>
/// <param name="Trust">Which certificates are trusted.</param>
internal sealed record ConnectionSettings(TimeSpan Timeout, IReadOnlyList<KeyValuePair<string, string>> Headers, ServerTrust Trust)
{
    public static ConnectionSettings Plain(TimeSpan timeout) => new(timeout, [], ServerTrust.OfSystem);
}
