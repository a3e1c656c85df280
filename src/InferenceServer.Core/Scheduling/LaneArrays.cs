using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// The arrays that a lane needs for one execution and again for the next. They are empty between executions: nothing is kept alive by them. Not thread safe: a lane runs one batch at a time.
/// </summary>
internal sealed class LaneArrays
{
    private TensorView[] _inputs = [];
    private TensorView[] _outputs = [];
    private long[] _offsets = [];
    private long[] _lengths = [];
    private TensorView[][] _parts = [];
    private InferenceResponse?[] _responses = [];

    /// <summary>Empty places for so many inputs. As the others, it may be longer than was asked for.</summary>
    public TensorView[] Inputs(int count) => AtLeast(ref _inputs, count);

    /// <summary>Empty places for so many outputs.</summary>
    public TensorView[] Outputs(int count) => AtLeast(ref _outputs, count);

    /// <summary>A zero for each of so many outputs.</summary>
    public Span<long> Offsets(int count)
    {
        var offsets = AtLeast(ref _offsets, count).AsSpan(0, count);
        offsets.Clear();
        return offsets;
    }

    /// <summary>A zero for each of so many outputs.</summary>
    public Span<long> Lengths(int count)
    {
        var lengths = AtLeast(ref _lengths, count).AsSpan(0, count);
        lengths.Clear();
        return lengths;
    }

    /// <summary>Empty places for the outputs of so many requests.</summary>
    public TensorView[][] Parts(int count) => AtLeast(ref _parts, count);

    /// <summary>Empty places for so many responses.</summary>
    public InferenceResponse?[] Responses(int count) => AtLeast(ref _responses, count);

    /// <summary>The execution is over: its responses are on their way.</summary>
    public void ForgetResponses(int count)
    {
        Array.Clear(_parts, 0, Math.Min(count, _parts.Length));
        Array.Clear(_responses, 0, Math.Min(count, _responses.Length));
    }

    private static T[] AtLeast<T>(ref T[] array, int count)
    {
        if (array.Length < count)
        {
            array = new T[Math.Max(count, 2 * array.Length)];
        }

        return array;
    }
}
