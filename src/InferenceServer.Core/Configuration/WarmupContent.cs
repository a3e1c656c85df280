namespace InferenceServer.Core.Configuration;

/// <summary>Where the elements of a warm-up input come from.</summary>
public enum WarmupContent
{
    /// <summary>All are zero; strings are empty.</summary>
    Zero,

    /// <summary>Any integers, reals from 0 to 1; strings are empty.</summary>
    Random,

    /// <summary>A file holds them.</summary>
    File,
}
