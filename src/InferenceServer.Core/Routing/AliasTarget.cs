using System.Globalization;

namespace InferenceServer.Core.Routing;

/// <summary>One model that an alias sends requests to.</summary>
/// <param name="Model">The model's name, which is never that of an alias.</param>
/// <param name="Version">The version's number; null for the highest one that is ready.</param>
/// <param name="Weight">Its share of the traffic, against the sum of all weights; 0 for none.</param>
/// <param name="IsStable">True for the target that everything goes back to when another one fails. An alias has exactly one.</param>
public sealed record AliasTarget(string Model, long? Version, double Weight, bool IsStable)
{
    /// <summary>The version as requests name it: empty for the highest one.</summary>
    public string VersionText { get; } = Version?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>True when both mean the same.</summary>
    public bool IsSameAs(string model, long? version) => Model == model && Version == version;

    /// <summary>The target as people read it.</summary>
    public override string ToString() => Version is null ? $"'{Model}'" : $"'{Model}' version {VersionText}";
}
