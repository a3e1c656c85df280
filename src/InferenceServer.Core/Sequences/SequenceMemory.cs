using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Sequences;

/// <summary>The states of one sequence between its steps. Its lane's thread reads and writes them; whoever ends the sequence may free them meanwhile.</summary>
/// <param name="initial">What each state holds when the sequence begins.</param>
internal sealed class SequenceMemory(ImmutableArray<InitialState> initial) : IDisposable
{
    private readonly TensorView[] _states = new TensorView[initial.Length];
    private bool _isOver;

    /// <summary>The shape of a state, without the batch dimension: that of the beginning when the sequence begins anew.</summary>
    public TensorShape ShapeOf(int state, bool isStart)
    {
        lock (_states)
        {
            return isStart || _states[state].Buffer is null ? initial[state].Shape : _states[state].Shape;
        }
    }

    /// <summary>The state as the last step has left it, with a count of its own; false when it is as it was at the beginning.</summary>
    public bool TryRead(int state, out TensorView view)
    {
        lock (_states)
        {
            view = _states[state];
            if (view.Buffer is null)
            {
                return false;
            }

            view.Buffer.Acquire();
            return true;
        }
    }

    /// <summary>Puts a state in the place of the last one; takes over the count of <paramref name="view"/>.</summary>
    public void Write(int state, in TensorView view)
    {
        TensorView previous;
        lock (_states)
        {
            previous = _isOver ? view : _states[state];
            if (!_isOver)
            {
                _states[state] = view;
            }
        }

        previous.Dispose();
    }

    /// <summary>The sequence begins anew.</summary>
    public void Reset()
    {
        for (var i = 0; i < _states.Length; i++)
        {
            Write(i, default);
        }
    }

    /// <summary>The sequence has ended; what a step still running writes is let go at once.</summary>
    public void Dispose()
    {
        Reset();
        lock (_states)
        {
            _isOver = true;
        }

        Reset();
    }
}
