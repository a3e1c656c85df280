using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Ensembles;

/// <summary>Finds the steps of a frame that can begin.</summary>
internal static class FrameSteps
{
    /// <summary>Decides about each step of a frame until there is nothing to decide any more: what is passed over may be what others waited for.</summary>
    /// <param name="frame">The frame. Steps that are to run have begun by then, and those that are not are passed over.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="selection">What of it is needed.</param>
    /// <param name="ready">The steps that are to run now.</param>
    /// <returns>What is wrong with a condition; null when nothing is.</returns>
    public static InferenceError? Decide(EnsembleFrame frame, EnsemblePlan plan, EnsembleSelection selection, ref List<int>? ready)
    {
        for (var hasChanged = true; hasChanged;)
        {
            hasChanged = false;
            for (var place = 0; place < plan.Steps.Length; place++)
            {
                var step = plan.Steps[place];
                if (step.Scope != frame.Scope || !selection.Needs(place) || frame.HasBegun(place))
                {
                    continue;
                }

                var isTrue = false;
                if (step.Condition is { } condition && frame.StateOf(condition.Tensor) == TensorState.Present && !TensorTruth.TryRead(frame.Peek(condition.Tensor), out isTrue))
                {
                    return EnsembleErrors.NoCondition(step, frame.Peek(condition.Tensor));
                }

                var decision = StepReadiness.Decide(step, selection.CapturesOf(place), frame.States, isTrue);
                if (decision == StepDecision.Run)
                {
                    frame.Begin(place);
                    (ready ??= []).Add(place);
                }
                else if (decision == StepDecision.Skip)
                {
                    frame.Skip(place, step);
                    hasChanged = true;
                }
            }
        }

        return null;
    }
}
