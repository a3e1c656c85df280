using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Repository;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>Collects what the parameters of a load request give.</summary>
internal sealed class OverrideBuilder
{
    public const string ConfigName = "config";

    private readonly ImmutableDictionary<string, ReadOnlyMemory<byte>>.Builder _files = ImmutableDictionary.CreateBuilder<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);

    /// <summary>The configuration; null until there is one.</summary>
    public ReadOnlyMemory<byte>? Config { get; set; }

    /// <summary>Adds a file; the first of two of one name counts.</summary>
    /// <param name="name">The parameter's name, prefix included.</param>
    /// <param name="content">The file's content.</param>
    public InferenceError? AddFile(string name, ReadOnlyMemory<byte> content)
    {
        if (_files.Count == ModelOverride.MaxFiles)
        {
            return RepositoryErrors.TooManyFiles();
        }

        _files.TryAdd(name[ModelOverride.FilePrefix.Length..], content);
        return null;
    }

    /// <summary>Puts the parts together.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="replacement">What is given; null for nothing.</param>
    public InferenceError? Build(string model, out ModelOverride? replacement)
    {
        replacement = Config is { } config ? new ModelOverride { Config = config, Files = _files.ToImmutable() } : null;
        return replacement is null && _files.Count > 0 ? RepositoryErrors.FilesWithoutConfig(model) : null;
    }
}
