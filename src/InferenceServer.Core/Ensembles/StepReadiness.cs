namespace InferenceServer.Core.Ensembles;

/// <summary>Decides whether a step runs now. Pure.</summary>
internal static class StepReadiness
{
    /// <summary>Decides about one step that has neither run nor been passed over.</summary>
    /// <param name="step">The step.</param>
    /// <param name="captures">For a decoupled step: what is read with its responses.</param>
    /// <param name="states">Where every tensor stands.</param>
    /// <param name="isTrue">What the tensor of the condition says; looked at only while it is there.</param>
    public static StepDecision Decide(PlanStep step, ReadOnlySpan<int> captures, ReadOnlySpan<TensorState> states, bool isTrue)
    {
        if (step.Condition is { } condition)
        {
            switch (states[condition.Tensor])
            {
                case TensorState.Pending:
                    return StepDecision.Wait;
                case TensorState.Absent:
                case TensorState.Present when isTrue == condition.IsNegated:
                    return StepDecision.Skip;
            }
        }

        var (isWaiting, given) = (false, 0);
        foreach (var input in step.Inputs)
        {
            switch (states[input.Tensor])
            {
                case TensorState.Pending:
                    isWaiting = true;
                    break;
                case TensorState.Present:
                    given++;
                    break;
                default:
                    if (!input.IsOptional)
                    {
                        // What does not come will not come by waiting for the rest.
                        return StepDecision.Skip;
                    }

                    break;
            }
        }

        foreach (var tensor in captures)
        {
            isWaiting |= states[tensor] == TensorState.Pending;
        }

        return isWaiting ? StepDecision.Wait : given > 0 ? StepDecision.Run : StepDecision.Skip;
    }
}
