using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>The states that an execution has left, before they are in the place of the last ones. The views borrow the batch's memory.</summary>
/// <param name="members">The requests of the execution.</param>
/// <param name="states">For each state, the view of each member.</param>
internal readonly struct KeptStates(PendingInference[] members, TensorView[][] states)
{
    /// <summary>They hold from now on. The batch must still be there.</summary>
    public void Keep()
    {
        for (var i = 0; i < members.Length; i++)
        {
            if (members[i].Step?.Sequence is not { } sequence)
            {
                continue;
            }

            for (var state = 0; state < states.Length; state++)
            {
                sequence.Memory.Write(state, states[state][i].Acquire());
            }
        }
    }
}
