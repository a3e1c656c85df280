using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Ensembles;

/// <summary>An ensemble on its way to a plan: what its file says, the models of its steps, and what is wrong so far.</summary>
/// <param name="declared">What the file says.</param>
/// <param name="members">The model of each step, in the order of the file.</param>
internal sealed class EnsembleLink(DeclaredModelConfig declared, ImmutableArray<EnsembleMember> members)
{
    public DeclaredModelConfig Declared => declared;

    public EnsembleConfig Ensemble { get; } = declared.Ensemble ?? throw new ArgumentException("the model is no ensemble", nameof(declared));

    public ProblemList Problems { get; } = new(declared.Document.FileName);

    /// <summary>What is known of each tensor that has been written so far.</summary>
    public Dictionary<string, LinkedTensor> Tensors { get; } = new(StringComparer.Ordinal);

    public EnsembleMember MemberOf(EnsembleStepConfig step) => members[step.Index];

    public void Error(string path, string message, string? suggestion = null) => Problems.Add(declared.Document.Positions.Find(path), message, suggestion);

    /// <summary>The steps in an order in which each reads only what those before it write. The rules have seen to it that there is one.</summary>
    public ImmutableArray<EnsembleStepConfig> Order()
    {
        var ordered = ImmutableArray.CreateBuilder<EnsembleStepConfig>();
        var left = Ensemble.Steps.ToList();
        while (left.Count > 0)
        {
            var unwritten = left.SelectMany(static step => step.Outputs.Select(static output => output.Ensemble)).ToHashSet(StringComparer.Ordinal);
            var ready = left.Where(step => !ReadsOf(step).Any(unwritten.Contains)).ToList();
            if (ready.Count == 0)
            {
                throw new InvalidOperationException($"the steps of ensemble '{declared.Name}' wait for one another");
            }

            ordered.AddRange(ready);
            left.RemoveAll(ready.Contains);
        }

        return ordered.ToImmutable();
    }

    /// <summary>The tensors that a step reads, that of its condition among them.</summary>
    public static IEnumerable<string> ReadsOf(EnsembleStepConfig step) =>
        step.Inputs.Select(static mapping => mapping.Ensemble).Concat(step.Condition is { } condition ? [condition.Tensor] : []);
}
