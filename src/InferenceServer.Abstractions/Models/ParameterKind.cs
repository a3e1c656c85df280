namespace InferenceServer.Abstractions.Models;

/// <summary>The kinds of value that a request parameter can have.</summary>
public enum ParameterKind
{
    /// <summary>A text.</summary>
    String,

    /// <summary>True or false.</summary>
    Bool,

    /// <summary>A signed 64-bit integer.</summary>
    Int64,

    /// <summary>An unsigned 64-bit integer.</summary>
    UInt64,

    /// <summary>A binary64 number.</summary>
    Double,
}
