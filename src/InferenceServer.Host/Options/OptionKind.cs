namespace InferenceServer.Host.Options;

/// <summary>What values an option takes.</summary>
internal enum OptionKind
{
    /// <summary>true, on or 1; false, off or 0. The flag alone means true.</summary>
    Boolean,

    /// <summary>A whole number within bounds.</summary>
    Number,

    /// <summary>Any text that is not empty.</summary>
    Text,

    /// <summary>One of a few words.</summary>
    Word,

    /// <summary>Text that may be given several times.</summary>
    List,
}
