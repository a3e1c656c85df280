namespace InferenceServer.Bench.Http;

/// <summary>The peer's bytes are not the HTTP/1.1 answer they should be.</summary>
internal sealed class BadResponseException(string message) : Exception(message);
