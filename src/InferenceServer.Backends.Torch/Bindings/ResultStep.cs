namespace InferenceServer.Backends.Torch.Bindings;

/// <summary>A step into a tuple, a list or a dictionary.</summary>
/// <param name="Place">The place in a tuple or list; -1 in a dictionary.</param>
/// <param name="Key">The key in a dictionary; null otherwise.</param>
internal readonly record struct ResultStep(int Place, string? Key);
