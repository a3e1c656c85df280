using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Mirrors;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Which model a name means.</summary>
/// <param name="Name">The model's name; the name as it was given where no repository has such a model.</param>
/// <param name="Error">Why it means none; null when it does.</param>
internal sealed record ResolvedName(string Name, InferenceError? Error = null)
{
    /// <summary>A store that could not be asked, and why, where no other repository has such a model; null when all answered.</summary>
    public (RepositoryMirror Mirror, string Reason)? Unreachable { get; init; }
}
