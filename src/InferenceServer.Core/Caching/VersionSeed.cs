using System.Collections.Immutable;

namespace InferenceServer.Core.Caching;

/// <summary>
/// What stands for a loaded version in the keys of all answers that depend on it: its own, and those of the ensembles that lead to it. Where that takes reading its files, it is made when an
/// ensemble asks for the first time, and nobody else pays for it.
/// </summary>
internal sealed class VersionSeed
{
    private readonly Lazy<Task<ImmutableArray<byte>>> _made;

    /// <param name="seed">The seed; empty where no answers are kept.</param>
    public VersionSeed(ImmutableArray<byte> seed) => _made = new Lazy<Task<ImmutableArray<byte>>>(Task.FromResult(seed));

    /// <param name="make">Makes the seed, away from the request that asks; does not fail.</param>
    public VersionSeed(Func<Task<ImmutableArray<byte>>> make) => _made = new Lazy<Task<ImmutableArray<byte>>>(() => Task.Run(make));

    /// <summary>Of a version on which no kept answer depends.</summary>
    public static VersionSeed None { get; } = new(ImmutableArray<byte>.Empty);

    /// <summary>The seed; empty as long as it is not known. Whoever asks has it made.</summary>
    public ImmutableArray<byte> Current => _made.Value is { IsCompletedSuccessfully: true } made ? made.Result : [];

    /// <summary>Ends when the seed is known.</summary>
    public Task MakeAsync() => _made.Value;
}
