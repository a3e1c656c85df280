namespace InferenceServer.Backends.Torch.Signatures;

/// <summary>What kind of value a TorchScript type is.</summary>
internal enum TorchTypeKind
{
    /// <summary>One that no tensor of a request can carry, such as a device or a class of the model's own.</summary>
    Other,

    /// <summary>A tensor.</summary>
    Tensor,

    /// <summary>A text; its bytes need not be UTF-8.</summary>
    Text,

    /// <summary>A whole number of 64 bits.</summary>
    Int,

    /// <summary>A floating-point number of 64 bits.</summary>
    Float,

    /// <summary>True or false.</summary>
    Bool,

    /// <summary>The type of its one part, or nothing.</summary>
    Optional,

    /// <summary>Any number of values of its one part.</summary>
    List,

    /// <summary>Values of its second part by keys of its first.</summary>
    Dictionary,

    /// <summary>One value for each of its parts; with names where it is a named tuple.</summary>
    Tuple,
}
