using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Core.Configuration;

/// <summary>Checks a configuration as far as that goes without the model, before a backend loads anything.</summary>
public static class ModelConfigDeclaration
{
    /// <summary>Applies every rule that needs no model and reports all that is wrong at once.</summary>
    /// <param name="document">The configuration, or <see cref="ModelConfigDocument.Empty"/>.</param>
    /// <param name="facts">What lies in the model's folder.</param>
    /// <param name="backends">The backends that this server has.</param>
    /// <param name="declared">What to load, when nothing is wrong.</param>
    /// <param name="problems">Everything that is wrong, in the order of the file.</param>
    public static bool TryDeclare(
        ModelConfigDocument document,
        ModelFolderFacts facts,
        IReadOnlyList<BackendDescriptor> backends,
        [NotNullWhen(true)] out DeclaredModelConfig? declared,
        out ImmutableArray<ConfigProblem> problems) => throw new NotImplementedException();
}
