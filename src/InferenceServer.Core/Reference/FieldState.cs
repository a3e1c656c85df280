namespace InferenceServer.Core.Reference;

/// <summary>What the server does with a field of a configuration.</summary>
public enum FieldState
{
    /// <summary>What it says holds.</summary>
    Works,

    /// <summary>It is accepted with a warning, and every answer is the same without it.</summary>
    Ignored,

    /// <summary>A file that uses it does not load.</summary>
    Refused,
}
