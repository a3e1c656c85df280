using System.Numerics;

namespace InferenceServer.Protocols.KServe.Classification;

/// <summary>
/// Finds the largest values of a row, in descending order; of equal ones the first comes first, and what is not a number comes last. A heap
/// as large as the answer passes over the row once, so that a few classes of many cost little more than reading them.
/// </summary>
internal static class TopClasses
{
    /// <summary>Fills <paramref name="best"/> with the places of the largest values; it is at most as long as <paramref name="values"/>.</summary>
    public static void Select<T>(ReadOnlySpan<T> values, Span<int> best)
        where T : unmanaged, INumber<T>
    {
        if (best.IsEmpty)
        {
            return;
        }

        // The worst of the chosen is on top.
        for (var i = 0; i < best.Length; i++)
        {
            best[i] = i;
        }

        for (var i = (best.Length / 2) - 1; i >= 0; i--)
        {
            Sink(values, best, i);
        }

        for (var i = best.Length; i < values.Length; i++)
        {
            if (IsBetter(values, i, best[0]))
            {
                best[0] = i;
                Sink(values, best, 0);
            }
        }

        for (var end = best.Length - 1; end > 0; end--)
        {
            (best[0], best[end]) = (best[end], best[0]);
            Sink(values, best[..end], 0);
        }
    }

    private static void Sink<T>(ReadOnlySpan<T> values, Span<int> heap, int place)
        where T : unmanaged, INumber<T>
    {
        var sinking = heap[place];
        for (var child = (2 * place) + 1; child < heap.Length; child = (2 * place) + 1)
        {
            if (child + 1 < heap.Length && IsBetter(values, heap[child], heap[child + 1]))
            {
                child++;
            }

            if (!IsBetter(values, sinking, heap[child]))
            {
                break;
            }

            heap[place] = heap[child];
            place = child;
        }

        heap[place] = sinking;
    }

    private static bool IsBetter<T>(ReadOnlySpan<T> values, int left, int right)
        where T : unmanaged, INumber<T>
    {
        var (first, second) = (values[left], values[right]);
        if (first > second)
        {
            return true;
        }

        if (first < second)
        {
            return false;
        }

        // Equal, or at least one is not a number.
        var (isFirstNumber, isSecondNumber) = (!T.IsNaN(first), !T.IsNaN(second));
        return isFirstNumber == isSecondNumber ? left < right : isFirstNumber;
    }
}
