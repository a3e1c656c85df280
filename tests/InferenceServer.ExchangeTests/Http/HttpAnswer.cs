namespace InferenceServer.ExchangeTests.Http;

/// <summary>An answer over HTTP.</summary>
/// <param name="Status">The status; 0 when none came.</param>
/// <param name="Headers">The headers by their names in small letters; the last of several with one name.</param>
/// <param name="Body">The body, decompressed; of an answer that did not come, why.</param>
internal sealed record HttpAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body);
