using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>What a request is in its sequence.</summary>
/// <param name="id">The sequence that it names.</param>
/// <param name="isStart">True for the first request.</param>
/// <param name="isEnd">True for the last.</param>
internal sealed class SequenceStep(SequenceId id, bool isStart, bool isEnd)
{
    public SequenceId Id => id;

    /// <summary>True when the state is to begin anew.</summary>
    public bool IsStart { get; private set; } = isStart;

    public bool IsEnd => isEnd;

    /// <summary>The sequence that has taken the request; null until one has. Set under the scheduler's lock, before the request runs.</summary>
    public Sequence? Sequence { get; set; }

    /// <summary>Takes the request back after an execution that was not its last; null where none can be.</summary>
    public Action<PendingInference>? Continue { get; init; }

    /// <summary>When its first execution began, as a timestamp; null until then.</summary>
    public long? FirstStarted { get; set; }

    /// <summary>Who sends its responses, over all its executions; null before the first, and where there is one response only.</summary>
    public DecoupledSender? Sender { get; set; }

    /// <summary>The shape of a state that goes in, without the batch dimension.</summary>
    public TensorShape ShapeOf(int state) => Sequence!.Memory.ShapeOf(state, IsStart);

    /// <summary>The next execution goes on where this one has ended.</summary>
    public void GoOn() => IsStart = false;
}
