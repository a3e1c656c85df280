namespace InferenceServer.Backends.Torch.Engine;

/// <summary>Where a model comes from.</summary>
/// <param name="Path">The path of its file.</param>
/// <param name="Content">What stands in place of the file; null when that is loaded as it is.</param>
internal sealed record ModuleSource(string Path, byte[]? Content);
