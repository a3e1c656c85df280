using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Ensembles;

/// <summary>
/// The tensors of one scope of one request: of the request itself, or of one response of a decoupled step. It owns a count of each tensor until that has been read for the last time.
/// Everything but the tasks changes under the lock of the run only.
/// </summary>
internal sealed class EnsembleFrame
{
    private const string ExplanationPrefix = ScheduleExplanation.Parameter + "_";

    private static readonly int[] s_none = [];

    private readonly EnsembleSelection _selection;
    private readonly TensorView[] _tensors;
    private readonly TensorState[] _states;
    private readonly int[] _uses;
    private readonly int[] _writers;
    private readonly bool[] _begun;
    private readonly TaskCompletionSource?[]? _order;

    /// <param name="plan">The plan.</param>
    /// <param name="selection">What of it is needed.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="previous">The frame of the response before; null for the first of them, and for the request's own.</param>
    /// <param name="turn">Ends when all frames before this one have ended.</param>
    public EnsembleFrame(EnsemblePlan plan, EnsembleSelection selection, int scope, EnsembleFrame? previous, Task turn)
    {
        Scope = scope;
        Previous = previous;
        Turn = turn;
        _selection = selection;
        _tensors = new TensorView[plan.Tensors.Length];
        _states = new TensorState[plan.Tensors.Length];
        _uses = [.. selection.UsesIn(scope) ?? s_none];
        _writers = new int[plan.Tensors.Length];
        for (var tensor = 0; tensor < _writers.Length; tensor++)
        {
            _writers[tensor] = selection.WritersOf(tensor);
        }

        _begun = new bool[plan.Steps.Length];
        StepsLeft = selection.StepsIn(scope);
        if (scope != EnsemblePlan.Root)
        {
            // Where there may be another frame after this one, whose steps must not begin before those of this one.
            _order = new TaskCompletionSource[plan.Steps.Length];
            for (var step = 0; step < _order.Length; step++)
            {
                _order[step] = plan.Steps[step].Scope == scope ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            }
        }
    }

    public int Scope { get; }

    /// <summary>The frame of the response before, until this one has ended.</summary>
    public EnsembleFrame? Previous { get; set; }

    /// <summary>Ends when all frames before this one have ended.</summary>
    public Task Turn { get; }

    /// <summary>Ends when this frame, and all before it, have ended.</summary>
    public TaskCompletionSource Completed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many steps of the frame have neither ended nor been passed over.</summary>
    public int StepsLeft { get; private set; }

    /// <summary>What the models of its steps have said beside their outputs; null when they have said nothing.</summary>
    public Dictionary<string, ParameterValue>? Parameters { get; private set; }

    /// <summary>True once its end has been seen to.</summary>
    public bool IsEnding { get; set; }

    public ReadOnlySpan<TensorState> States => _states;

    public TensorState StateOf(int tensor) => _states[tensor];

    /// <summary>True when somebody still reads the tensor.</summary>
    public bool IsRead(int tensor) => _uses.Length > 0 && _uses[tensor] > 0;

    /// <summary>A tensor that is there; its count stays the frame's.</summary>
    public TensorView Peek(int tensor) => _tensors[tensor];

    public bool HasBegun(int step) => _begun[step];

    public void Begin(int step) => _begun[step] = true;

    /// <summary>The step's request is on its way, or there will be none.</summary>
    public void LetNextBegin(int step) => _order?[step]?.TrySetResult();

    /// <summary>Ends when the step of the frame before has begun.</summary>
    public Task OrderOf(int step) => _order?[step]?.Task ?? Task.CompletedTask;

    /// <summary>A tensor is there; takes over its count where somebody reads it, and otherwise leaves it to the caller.</summary>
    /// <returns>True when it was taken over.</returns>
    public bool TryPut(int tensor, in TensorView view)
    {
        _states[tensor] = TensorState.Present;
        if (!IsRead(tensor))
        {
            return false;
        }

        _tensors[tensor] = view;
        return true;
    }

    /// <summary>One of those who read the tensor takes it, with a count of its own; the last one takes the frame's.</summary>
    public TensorView Take(int tensor)
    {
        var view = _tensors[tensor];
        if (--_uses[tensor] > 0)
        {
            return view.Acquire();
        }

        _tensors[tensor] = default;
        return view;
    }

    /// <summary>A step that has begun takes what it reads, in its order; what is not there has no buffer.</summary>
    public TensorView[] TakeInputs(PlanStep step)
    {
        var views = new TensorView[step.Inputs.Length];
        for (var i = 0; i < views.Length; i++)
        {
            var tensor = step.Inputs[i].Tensor;
            if (_states[tensor] == TensorState.Present)
            {
                views[i] = Take(tensor);
            }
            else
            {
                Drop(tensor);
            }
        }

        if (step.Condition is { } condition)
        {
            Drop(condition.Tensor);
        }

        return views;
    }

    /// <summary>Takes what came with the request, each with a count of its own; what may come and did not is not there.</summary>
    public void PutInputs(EnsemblePlan plan, IReadOnlyList<TensorView> inputs)
    {
        foreach (var input in inputs)
        {
            var tensor = plan.FindInput(input.Name);
            _states[tensor] = TensorState.Present;
            if (IsRead(tensor))
            {
                _tensors[tensor] = input.Acquire();
            }
        }

        foreach (var tensor in plan.Inputs)
        {
            _states[tensor] = _states[tensor] == TensorState.Pending ? TensorState.Absent : _states[tensor];
        }
    }

    /// <summary>Takes what is read beside the response that this is the frame of, each with a count of its own.</summary>
    public void Capture(EnsembleFrame outer, ReadOnlySpan<int> tensors)
    {
        foreach (var tensor in tensors)
        {
            _states[tensor] = outer._states[tensor];
            if (_states[tensor] == TensorState.Present)
            {
                _tensors[tensor] = outer._tensors[tensor].Acquire();
            }
        }
    }

    /// <summary>What the response that this is the frame of has left out is not there.</summary>
    public void PutMissing(PlanStep step)
    {
        foreach (var output in step.Outputs)
        {
            _states[output.Tensor] = _states[output.Tensor] == TensorState.Pending ? TensorState.Absent : _states[output.Tensor];
        }
    }

    /// <summary>One of those who read the tensor does so no more.</summary>
    public void Drop(int tensor)
    {
        if (--_uses[tensor] == 0)
        {
            _tensors[tensor].Dispose();
            _tensors[tensor] = default;
        }
    }

    /// <summary>A step has ended, or is passed over: what it might have written and has not is written by nobody, unless by another step.</summary>
    public void End(PlanStep step)
    {
        StepsLeft--;
        foreach (var output in step.Outputs)
        {
            if (--_writers[output.Tensor] == 0 && _states[output.Tensor] == TensorState.Pending)
            {
                _states[output.Tensor] = TensorState.Absent;
            }
        }
    }

    /// <summary>A step is passed over: it reads nothing.</summary>
    public void Skip(int place, PlanStep step)
    {
        Begin(place);
        foreach (var input in step.Inputs)
        {
            Drop(input.Tensor);
        }

        if (step.Condition is { } condition)
        {
            Drop(condition.Tensor);
        }

        foreach (var tensor in _selection.CapturesOf(place))
        {
            Drop(tensor);
        }

        End(step);
        LetNextBegin(place);
    }

    /// <summary>
    /// Adds what a model has said beside its outputs; of two that say something under one name the later counts. How the request of a step was scheduled is told with the step's number in the name.
    /// </summary>
    /// <param name="parameters">What it has said.</param>
    /// <param name="step">The step's place in the file.</param>
    public void AddParameters(IReadOnlyDictionary<string, ParameterValue> parameters, int step)
    {
        foreach (var (name, value) in parameters)
        {
            var own = name.StartsWith(ExplanationPrefix, StringComparison.Ordinal) ? FormattableString.Invariant($"{ExplanationPrefix}step{step}_{name[ExplanationPrefix.Length..]}") : name;
            (Parameters ??= new Dictionary<string, ParameterValue>(StringComparer.Ordinal))[own] = value;
        }
    }

    /// <summary>Releases whatever is left.</summary>
    public void Release()
    {
        for (var tensor = 0; tensor < _tensors.Length; tensor++)
        {
            _tensors[tensor].Dispose();
            _tensors[tensor] = default;
        }
    }
}
