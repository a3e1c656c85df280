using System.Collections.Immutable;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>Something that runs operators, as the engine is to be told of it.</summary>
/// <param name="Kind">Which it is.</param>
/// <param name="Options">The engine's options for it, as they are.</param>
internal sealed record ExecutionProvider(ProviderKind Kind, ImmutableSortedDictionary<string, string> Options)
{
    /// <summary>Adds options, of which those that it has already stay.</summary>
    public ExecutionProvider With(IEnumerable<KeyValuePair<string, string>> options) =>
        this with { Options = Options.AddRange(options.Where(option => !Options.ContainsKey(option.Key))) };
}
