using System.Collections.Immutable;

namespace InferenceServer.Core.Repository;

/// <summary>What a request to load a model gives in place of what lies in the repository.</summary>
public sealed record ModelOverride
{
    /// <summary>What a parameter's name begins with that gives a file.</summary>
    public const string FilePrefix = "file:";

    /// <summary>The most files that one request may bring.</summary>
    public const int MaxFiles = 1024;

    /// <summary>The configuration as JSON, UTF-8.</summary>
    public required ReadOnlyMemory<byte> Config { get; init; }

    /// <summary>
    /// The whole content of the model's folder, by path: <c>&lt;version&gt;/&lt;file&gt;</c>. Empty when only the configuration is replaced.
    /// </summary>
    public ImmutableDictionary<string, ReadOnlyMemory<byte>> Files { get; init; } = ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty;
}
