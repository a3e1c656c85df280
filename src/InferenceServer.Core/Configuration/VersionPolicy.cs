using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>Which of the versions on disk are to be served.</summary>
public abstract record VersionPolicy
{
    private VersionPolicy()
    {
    }

    /// <summary>The policy of a model that names none: the highest version alone.</summary>
    public static VersionPolicy Default { get; } = new Latest(1);

    /// <summary>The versions to serve out of those that are there, ascending.</summary>
    public abstract ImmutableArray<long> Select(ImmutableArray<long> available);

    /// <summary>The highest versions.</summary>
    /// <param name="Count">How many, at least 1.</param>
    public sealed record Latest(int Count) : VersionPolicy
    {
        /// <inheritdoc />
        public override ImmutableArray<long> Select(ImmutableArray<long> available) => [.. available.Distinct().Order().TakeLast(Count)];
    }

    /// <summary>Every version.</summary>
    public sealed record All : VersionPolicy
    {
        /// <inheritdoc />
        public override ImmutableArray<long> Select(ImmutableArray<long> available) => [.. available.Distinct().Order()];
    }

    /// <summary>The named versions, as far as they are there.</summary>
    /// <param name="Versions">The versions, each above 0.</param>
    public sealed record Specific(ImmutableArray<long> Versions) : VersionPolicy
    {
        /// <inheritdoc />
        public override ImmutableArray<long> Select(ImmutableArray<long> available) =>
            [.. available.Intersect(Versions).Order()];

        /// <summary>True when both name the same versions in the same order.</summary>
        public bool Equals(Specific? other) => other is not null && Versions.AsSpan().SequenceEqual(other.Versions.AsSpan());

        /// <inheritdoc />
        public override int GetHashCode() => Versions.Aggregate(17, HashCode.Combine);
    }
}
