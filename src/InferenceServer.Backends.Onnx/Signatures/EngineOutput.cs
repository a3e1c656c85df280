namespace InferenceServer.Backends.Onnx.Signatures;

/// <summary>An output of the engine, and where the tensors that clients see of it are in the signature.</summary>
/// <param name="Name">The engine's name, which is that of the tensor with the elements.</param>
/// <param name="Form">What it is to the engine.</param>
/// <param name="Place">The place of the elements in the signature. The keys of a map come right after.</param>
internal sealed record EngineOutput(string Name, OutputForm Form, int Place)
{
    /// <summary>What a name of keys ends in.</summary>
    public const string KeysSuffix = "_keys";

    /// <summary>True when there is a tensor of keys.</summary>
    public bool HasKeys => Form is OutputForm.Map or OutputForm.MapRows;
}
