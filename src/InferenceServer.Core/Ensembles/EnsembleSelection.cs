using System.Collections.Immutable;

namespace InferenceServer.Core.Ensembles;

/// <summary>
/// What of a plan is needed for some of the outputs: the steps that lead to them, and how often each tensor is read, after which it is released. Immutable.
/// </summary>
internal sealed class EnsembleSelection
{
    private readonly bool[] _steps;
    private readonly int[][] _uses;
    private readonly int[] _writers;
    private readonly int[] _counts;
    private readonly int[]?[] _captures;

    private EnsembleSelection(EnsemblePlan plan, ImmutableArray<int> outputs)
    {
        Outputs = outputs;
        _steps = FindSteps(plan, outputs);
        _writers = new int[plan.Tensors.Length];
        _counts = new int[plan.Steps.Length + 1];
        _uses = new int[plan.Steps.Length + 1][];
        _captures = new int[plan.Steps.Length][];
        OutputScope = outputs.Select(tensor => plan.TensorScopes[tensor]).FirstOrDefault(static scope => scope != EnsemblePlan.Root, EnsemblePlan.Root);
        foreach (var tensor in outputs)
        {
            Use(plan, OutputScope, tensor);
        }

        // Backwards: when a decoupled step is reached, all is known that is read with its responses.
        for (var step = plan.Steps.Length - 1; step >= 0; step--)
        {
            if (_steps[step])
            {
                Add(plan, step);
            }
        }
    }

    /// <summary>The places of the wanted outputs, in the order in which they are wanted.</summary>
    public ImmutableArray<int> Outputs { get; }

    /// <summary>The scope in which the wanted outputs are complete.</summary>
    public int OutputScope { get; }

    /// <summary>How many steps are needed.</summary>
    public int Steps { get; private set; }

    /// <summary>Finds out what is needed.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="requested">Which outputs of the signature are wanted; null for all.</param>
    /// <param name="order">The wanted outputs as places in the signature, in their order; null for all that are wanted.</param>
    public static EnsembleSelection Of(EnsemblePlan plan, bool[]? requested, int[]? order) =>
        new(plan, order is not null ? [.. order.Select(place => plan.Outputs[place])] : [.. plan.Outputs.Where((_, place) => requested?[place] ?? true)]);

    /// <summary>True when the step leads to a wanted output.</summary>
    public bool Needs(int step) => _steps[step];

    /// <summary>How many steps run in a scope.</summary>
    public int StepsIn(int scope) => _counts[scope + 1];

    /// <summary>How often a tensor is read in a scope, by its place; null when nothing is.</summary>
    public int[]? UsesIn(int scope) => _uses[scope + 1];

    /// <summary>For a decoupled step: the tensors written outside of its responses that are read with them. It starts when they are there.</summary>
    public ReadOnlySpan<int> CapturesOf(int step) => _captures[step];

    /// <summary>How many steps may write a tensor.</summary>
    public int WritersOf(int tensor) => _writers[tensor];

    /// <summary>The tensors that a step reads, those among them that decide whether it runs.</summary>
    public static IEnumerable<int> Reads(PlanStep step) =>
        step.Inputs.Select(static input => input.Tensor).Concat(step.Condition is { } condition ? [condition.Tensor] : []);

    // Backwards: what reads stands after what writes.
    private static bool[] FindSteps(EnsemblePlan plan, ImmutableArray<int> outputs)
    {
        var steps = new bool[plan.Steps.Length];
        var wanted = new bool[plan.Tensors.Length];
        foreach (var tensor in outputs)
        {
            wanted[tensor] = true;
        }

        for (var step = plan.Steps.Length - 1; step >= 0; step--)
        {
            steps[step] = plan.Steps[step].Outputs.Any(output => wanted[output.Tensor]);
            foreach (var tensor in steps[step] ? Reads(plan.Steps[step]) : [])
            {
                wanted[tensor] = true;
            }
        }

        return steps;
    }

    private void Add(EnsemblePlan plan, int place)
    {
        var step = plan.Steps[place];
        Steps++;
        _counts[step.Scope + 1]++;
        if (step.IsDecoupled && UsesIn(place) is { } uses)
        {
            _captures[place] = [.. Enumerable.Range(0, uses.Length).Where(tensor => uses[tensor] > 0 && plan.TensorScopes[tensor] != place)];
        }

        foreach (var tensor in Reads(step).Concat(_captures[place] ?? []))
        {
            Use(plan, step.Scope, tensor);
        }

        foreach (var output in step.Outputs)
        {
            _writers[output.Tensor]++;
        }
    }

    private void Use(EnsemblePlan plan, int scope, int tensor) => (_uses[scope + 1] ??= new int[plan.Tensors.Length])[tensor]++;
}
