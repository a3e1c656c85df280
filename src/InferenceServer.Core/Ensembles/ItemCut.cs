using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Ensembles;

/// <summary>The inputs of a step that runs once an item: some are cut along their first dimension, without copying, the others go to every item whole.</summary>
internal sealed class ItemCut : IDisposable
{
    private readonly PlanStep _step;
    private readonly TensorView[] _whole;
    private readonly long[]?[] _ends;

    private ItemCut(PlanStep step, TensorView[] whole, int count)
    {
        _step = step;
        _whole = whole;
        Count = count;
        _ends = new long[whole.Length][];
        for (var i = 0; i < whole.Length; i++)
        {
            if (_step.Inputs[i].IsCut && whole[i].DataType == TensorDataType.Bytes)
            {
                _ends[i] = MeasureStrings(whole[i], count);
            }
        }
    }

    /// <summary>How many items there are.</summary>
    public int Count { get; }

    /// <summary>Makes a cut; takes the inputs over, whatever the answer.</summary>
    /// <param name="step">The step.</param>
    /// <param name="inputs">Its inputs, in its order; one that is not there has no buffer.</param>
    /// <param name="cut">The cut, when there is no error.</param>
    public static InferenceError? TryMake(PlanStep step, TensorView[] inputs, out ItemCut? cut)
    {
        cut = null;
        var error = CountItems(step, inputs, out var count);
        if (error is null)
        {
            cut = new ItemCut(step, inputs, count);
            return null;
        }

        Release(inputs);
        return error;
    }

    /// <summary>The inputs of one item, each with a count of its own.</summary>
    public TensorView[] Take(int item)
    {
        var views = new TensorView[_whole.Length];
        for (var i = 0; i < views.Length; i++)
        {
            if (_whole[i].Buffer is not null)
            {
                views[i] = (_step.Inputs[i].IsCut ? Slice(i, item) : _whole[i]).Acquire();
            }
        }

        return views;
    }

    public void Dispose() => Release(_whole);

    private static InferenceError? CountItems(PlanStep step, TensorView[] inputs, out int count)
    {
        count = -1;
        for (var i = 0; i < inputs.Length; i++)
        {
            if (!step.Inputs[i].IsCut || inputs[i].Buffer is null)
            {
                continue;
            }

            if (inputs[i].Shape.Rank == 0)
            {
                return EnsembleErrors.NothingToCut(step, inputs[i]);
            }

            if (inputs[i].Shape[0] > step.FanOut!.MaxItems)
            {
                return EnsembleErrors.TooManyItems(step, inputs[i], step.FanOut.MaxItems);
            }

            if (count >= 0 && inputs[i].Shape[0] != count)
            {
                return EnsembleErrors.ItemsDiffer(step, inputs[i], count);
            }

            count = (int)inputs[i].Shape[0];
        }

        // Where what is cut is optional and was left out, there is one item.
        count = count < 0 ? 1 : count;
        return null;
    }

    private static void Release(TensorView[] views)
    {
        foreach (var view in views)
        {
            view.Dispose();
        }
    }

    private static long[] MeasureStrings(in TensorView whole, int count)
    {
        whole.Shape.WithoutFirst().TryGetElementCount(out var elements);
        var ends = new long[count];
        var offset = 0;
        for (var item = 0; item < count; item++)
        {
            offset += BytesTensor.MeasurePrefix(whole.Span[offset..], elements);
            ends[item] = offset;
        }

        return ends;
    }

    private TensorView Slice(int input, int item)
    {
        var whole = _whole[input];
        var ends = _ends[input];
        var size = whole.Length / Count;
        var (start, end) = ends is null ? (size * item, size * (item + 1)) : (item == 0 ? 0 : ends[item - 1], ends[item]);
        return new TensorView(whole.Name, whole.DataType, whole.Shape.WithoutFirst(), whole.Buffer, whole.Offset + start, end - start);
    }
}
