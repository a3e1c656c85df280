namespace InferenceServer.Protocols.KServe.Http;

/// <summary>An output that a request lists, and whether it wants its bytes in place of JSON.</summary>
internal readonly record struct RequestedOutput(string Name, bool IsBinary);
