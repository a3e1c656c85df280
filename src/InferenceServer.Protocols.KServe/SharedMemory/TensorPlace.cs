namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>Which tensor of a request a sentence is about.</summary>
/// <param name="Kind"><c>input</c> or <c>output</c>.</param>
/// <param name="Name">Its name; null while it is not known yet.</param>
/// <param name="Index">Its place in the request.</param>
internal readonly record struct TensorPlace(string Kind, string? Name, int Index)
{
    /// <summary>What errors name.</summary>
    public string Subject => Name ?? $"{Kind} {Index}";

    public override string ToString() => Name is null ? $"{Kind} {Index} of the request" : $"{Kind} '{Name}'";
}
