using System.Collections.Immutable;
using InferenceServer.Core.Ensembles;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Whether an ensemble can be loaded, by what has become of the models of its steps.</summary>
internal sealed record EnsembleStanding
{
    private EnsembleStanding()
    {
    }

    /// <summary>A model of a step is on its way.</summary>
    public static EnsembleStanding Waiting { get; } = new();

    /// <summary>Why it cannot serve; null when it can, or may soon.</summary>
    public string? Blocked { get; private init; }

    /// <summary>The model of each step, in the order of the file; empty unless all are there.</summary>
    public ImmutableArray<MemberVersion> Members { get; private init; } = [];

    /// <summary>True when all models of its steps are there.</summary>
    public bool IsOpen => !Members.IsEmpty;

    public bool IsWaiting => !IsOpen && Blocked is null;

    /// <summary>What the ensemble depends on of its members; null where that is not known.</summary>
    public string? Signature { get; private init; }

    /// <summary>All models of its steps are there.</summary>
    public static EnsembleStanding Open(ImmutableArray<MemberVersion> members) => new() { Members = members, Signature = MemberVersion.SignatureOf(members) };

    /// <summary>A model of a step will not be there, as things are.</summary>
    public static EnsembleStanding BlockedBy(string reason) => new() { Blocked = reason };
}
