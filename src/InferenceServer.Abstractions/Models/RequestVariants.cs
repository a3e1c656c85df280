using System.Collections.Frozen;

namespace InferenceServer.Abstractions.Models;

/// <summary>
/// Variants of a model, such as adapters of its weights, that each request chooses from by a parameter. Requests that choose differently never share an execution; whoever chooses what there
/// is not is refused before he waits.
/// </summary>
/// <param name="Parameter">The request parameter: one name, or several that hold together, separated by commas. Empty, or left out, for none.</param>
/// <param name="Word">What one of them is called in an error, such as <c>adapter</c>.</param>
/// <param name="Names">The names of the variants; empty for a model that could have some and has none.</param>
public sealed record RequestVariants(string Parameter, string Word, FrozenSet<string> Names)
{
    /// <summary>What stands between the names of those that a request chooses.</summary>
    public const char Separator = ',';
}
