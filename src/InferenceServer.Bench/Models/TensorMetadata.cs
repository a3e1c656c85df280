namespace InferenceServer.Bench.Models;

/// <summary>One input or output as the server describes it; -1 in the shape is a free dimension.</summary>
internal sealed record TensorMetadata(string Name, string DataType, IReadOnlyList<long> Shape);
