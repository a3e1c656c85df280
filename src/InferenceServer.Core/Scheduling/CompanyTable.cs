namespace InferenceServer.Core.Scheduling;

/// <summary>How likely, and how soon, another request comes while so many rows wait. Learnt from what has come, the latest counting most.</summary>
internal sealed class CompanyTable
{
    private const double Weight = 0.1;

    // Nothing is quite certain: an arrival of which nobody knows a failure has one chance in a thousand to fail.
    private const double LeastDoubt = 1e-3;

    private Entry[] _entries = [];

    /// <summary>Somebody has come.</summary>
    /// <param name="rows">The rows that waited, or ran at once, when the question was put.</param>
    /// <param name="ticks">How long after it.</param>
    /// <param name="isInTime">True when it was soon enough to have been worth a wait.</param>
    public void Record(int rows, long ticks, bool isInTime)
    {
        if (rows >= _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(8, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)rows + 1)));
        }

        ref var entry = ref _entries[rows];
        var chance = entry.Trials == 0 ? 1 : entry.Chance;
        entry.Chance = chance + (Weight * ((isInTime ? 1 : 0) - chance));
        entry.Delay += isInTime ? (entry.Trials == 0 ? 1 : Weight) * (ticks - entry.Delay) : 0;
        entry.Trials++;
    }

    /// <summary>
    /// How long it pays to wait for one more. The longer nobody comes, the likelier it is that nobody will: one waits until the gain, by the chance that it still comes
    /// in the next moment, is no more than that moment.
    /// </summary>
    /// <param name="rows">The rows that wait.</param>
    /// <param name="gain">What company saves. Ticks.</param>
    public double Patience(int rows, double gain)
    {
        if (rows >= _entries.Length || _entries[rows].Trials == 0)
        {
            return gain;
        }

        var (chance, delay) = (_entries[rows].Chance, Math.Max(_entries[rows].Delay, 1e-6 * Math.Max(gain, 1)));
        return gain <= delay || chance <= 0 ? 0 : Math.Min(gain, delay * Math.Log(Math.Max(1e-9, chance * ((gain / delay) - 1) / Math.Max(LeastDoubt, 1 - chance))));
    }

    private struct Entry
    {
        public double Chance;
        public double Delay;
        public int Trials;
    }
}
