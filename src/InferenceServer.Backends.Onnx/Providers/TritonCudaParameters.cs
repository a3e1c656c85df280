using System.Collections.Immutable;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>The options of CUDA that Triton reads from parameters without a provider's name in front, two of them by numbers where the engine has words. Pure.</summary>
internal static class TritonCudaParameters
{
    private static readonly ImmutableDictionary<string, ImmutableArray<string>> s_words = new Dictionary<string, ImmutableArray<string>>
    {
        ["gpu_mem_limit"] = [],
        ["arena_extend_strategy"] = ["kNextPowerOfTwo", "kSameAsRequested"],
        ["cudnn_conv_algo_search"] = ["EXHAUSTIVE", "HEURISTIC", "DEFAULT"],
        ["do_copy_in_default_stream"] = [],
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => s_words.Keys;

    /// <summary>What one of them takes, in words.</summary>
    public static string Takes(string name) => s_words[name] is { IsEmpty: false } words ? string.Join(", ", words.Select(static (word, i) => FormattableString.Invariant($"{i} ({word})"))) : "as the engine takes it";

    /// <summary>The engine's value of one; null, after a report, when it is none.</summary>
    public static string? Read(string name, string value, List<string> errors)
    {
        var words = s_words[name];
        if (words.IsEmpty || words.Contains(value, StringComparer.Ordinal))
        {
            return value;
        }

        if (value is [var digit] && digit - '0' is >= 0 and var number && number < words.Length)
        {
            return words[number];
        }

        errors.Add($"parameter '{name}': expected {Takes(name)}, got '{value}'");
        return null;
    }
}
