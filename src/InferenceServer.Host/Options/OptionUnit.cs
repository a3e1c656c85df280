namespace InferenceServer.Host.Options;

/// <summary>What the number of an option counts.</summary>
internal enum OptionUnit
{
    /// <summary>Things, as the option's text says.</summary>
    Count,

    /// <summary>Seconds.</summary>
    Seconds,

    /// <summary>Milliseconds.</summary>
    Milliseconds,

    /// <summary>Bytes.</summary>
    Bytes,
}
