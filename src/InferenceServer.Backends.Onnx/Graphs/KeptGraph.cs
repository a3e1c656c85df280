namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>An entry as it counts for the room that all take.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Bytes">How many bytes it takes.</param>
/// <param name="LastUse">When it was last written or read.</param>
internal sealed record KeptGraph(string Key, long Bytes, DateTime LastUse);
