using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Core.Configuration;

/// <summary>Completes a configuration from the loaded model and finds every contradiction between the two.</summary>
public static class ModelConfigCompletion
{
    /// <summary>Fills in what the configuration leaves out and reports, all at once, what contradicts the model.</summary>
    /// <param name="declared">The configuration as declared.</param>
    /// <param name="signature">What the model itself takes and gives.</param>
    /// <param name="options">What may be filled in.</param>
    /// <param name="config">The configuration to serve by, when nothing is wrong.</param>
    /// <param name="problems">Every contradiction, in the order of the file.</param>
    public static bool TryComplete(
        DeclaredModelConfig declared,
        ModelSignature signature,
        ModelCompletionOptions options,
        [NotNullWhen(true)] out ModelConfig? config,
        out ImmutableArray<ConfigProblem> problems) => throw new NotImplementedException();
}
