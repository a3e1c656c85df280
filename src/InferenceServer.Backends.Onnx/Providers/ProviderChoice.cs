using System.Collections.Immutable;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>Which of the providers that a configuration wants can be had. Pure.</summary>
/// <param name="Usable">Those that the engine has.</param>
/// <param name="Missing">Why others are left out; null when none is.</param>
internal sealed record ProviderChoice(ImmutableArray<ExecutionProvider> Usable, string? Missing)
{
    /// <summary>Chooses.</summary>
    /// <param name="wanted">What the configuration asks for.</param>
    /// <param name="available">What the engine has, by its own names.</param>
    /// <param name="asker">Who asks, at the beginning of a sentence.</param>
    public static ProviderChoice Of(ImmutableArray<ExecutionProvider> wanted, IReadOnlyCollection<string> available, string asker)
    {
        var missing = wanted.Where(one => !available.Contains(one.Kind.EngineName)).Select(static one => one.Kind).ToList();
        return new ProviderChoice(
            [.. wanted.Where(one => available.Contains(one.Kind.EngineName))],
            missing.Count == 0 ? null : Describe(missing, available, asker));
    }

    private static string Describe(List<ProviderKind> missing, IReadOnlyCollection<string> available, string asker)
    {
        var names = string.Join(" and ", missing.Select(static kind => kind.Name));
        var (word, them) = missing.Count == 1 ? ("provider", "it") : ("providers", "them");
        return $"{asker} the execution {word} {names}, and this build of ONNX Runtime has {string.Join(", ", available.Select(ProviderKind.NameOf))}; "
            + $"to have {them}, {string.Join("; ", missing.Select(static kind => kind.Install).Distinct())}";
    }
}
