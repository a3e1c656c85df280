using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace InferenceServer.FuzzTests.Coverage;

/// <summary>
/// Which steps from one piece of code to the next an input has taken, and roughly how often: the instrumented assemblies count them here. Without
/// instrumentation it stays empty.
/// </summary>
internal sealed unsafe class CoverageMap
{
    private const int Size = 1 << 16;

    // Never freed: instrumented code may still run after a session, in a finalizer for example.
    private static readonly byte* s_counts = (byte*)NativeMemory.AllocZeroed(Size);

    private readonly byte[] _seen = new byte[Size];

    /// <summary>Nothing is to run in the instrumented assemblies before the first of these is there.</summary>
    public CoverageMap() => Trace.SharedMem = s_counts;

    /// <summary>How many different steps have been taken.</summary>
    public int Places { get; private set; }

    private Span<byte> Counts => new(s_counts, Size);

    /// <summary>Forgets what the last input did.</summary>
    public void Reset()
    {
        Counts.Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Adds what the last input did; true when a part of it is new.</summary>
    public bool Merge()
    {
        var isNew = false;
        var words = MemoryMarshal.Cast<byte, ulong>(Counts);
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == 0)
            {
                continue;
            }

            for (var place = i * sizeof(ulong); place < (i + 1) * sizeof(ulong); place++)
            {
                // Once, twice, up to four times, up to eight ...: how often is told by the power of two.
                var bit = s_counts[place] == 0 ? (byte)0 : (byte)(1 << BitOperations.Log2(s_counts[place]));
                if ((bit & ~_seen[place]) != 0)
                {
                    Places += _seen[place] == 0 ? 1 : 0;
                    _seen[place] |= bit;
                    isNew = true;
                }
            }
        }

        return isNew;
    }
}
