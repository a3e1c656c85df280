using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Routing;

/// <summary>The control plane of aliases. Every change is one atomic step: a request sees the alias before it or after it.</summary>
public interface IAliasControl
{
    /// <summary>Every alias, by name.</summary>
    ImmutableArray<AliasStatus> List();

    /// <summary>One alias; null when there is none of the name.</summary>
    AliasStatus? Find(string name);

    /// <summary>What is wrong with the files as they are now, so that what they said before is still in force; most often nothing.</summary>
    ImmutableArray<string> FileProblems { get; }

    /// <summary>What would refuse every change, whatever else it says; null when nothing would.</summary>
    InferenceError? FindRefusal();

    /// <summary>Makes an alias or replaces it.</summary>
    /// <param name="name">The name.</param>
    /// <param name="json">The configuration, as a file has it behind the name.</param>
    /// <param name="condition">What must hold.</param>
    Task<AliasChange> PutAsync(string name, ReadOnlyMemory<byte> json, AliasCondition condition);

    /// <summary>Removes an alias.</summary>
    AliasChange Delete(string name, AliasCondition condition);

    /// <summary>Makes a target the stable one and gives it all traffic; what was in force before is remembered.</summary>
    /// <param name="name">The alias.</param>
    /// <param name="json">Which target, <c>{"model": ..., "version": ...}</c> as the configuration has it; empty for the only one beside the stable one.</param>
    /// <param name="condition">What must hold.</param>
    AliasChange Promote(string name, ReadOnlyMemory<byte> json, AliasCondition condition);

    /// <summary>
    /// Goes back: while other targets have traffic, the stable one gets all of it; otherwise the one that was stable before does.
    /// </summary>
    /// <param name="name">The alias.</param>
    /// <param name="json"><c>{"to": "previous"}</c> for exactly what was in force before; empty, or <c>{"to": "stable"}</c>, for the rule above.</param>
    /// <param name="condition">What must hold.</param>
    AliasChange RollBack(string name, ReadOnlyMemory<byte> json, AliasCondition condition);
}
