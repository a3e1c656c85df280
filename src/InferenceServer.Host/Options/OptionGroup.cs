using System.Collections.Immutable;

namespace InferenceServer.Host.Options;

/// <summary>Options that belong together, as <c>--help</c> and the reference show them.</summary>
/// <param name="Title">What they are about.</param>
/// <param name="Options">The options, the most used first.</param>
internal sealed record OptionGroup(string Title, ImmutableArray<OptionDefinition> Options);
