using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>
/// The responses of a decoupled model by their number in the answer. Only the first response of a number takes a lock and memory.
/// </summary>
internal sealed class ResponseTable
{
    /// <summary>How many numbers are told apart, from 0 on; what a request sends after them is not listed.</summary>
    public const int MaxNumbers = 1024;

    private readonly Lock _lock = new();
    private volatile ResponseCounters[] _numbers = [];

    /// <summary>The counters of the responses with a number; null beyond the last number that is told apart.</summary>
    public ResponseCounters? Of(int number)
    {
        var numbers = _numbers;
        return number < numbers.Length ? numbers[number] : number < MaxNumbers ? Grow(number) : null;
    }

    /// <summary>The numbers that have been sent, from 0 on.</summary>
    public ImmutableArray<ResponseReport> MakeReport() => [.. _numbers.Select(static number => number.MakeReport())];

    private ResponseCounters Grow(int number)
    {
        lock (_lock)
        {
            var numbers = _numbers;
            if (number >= numbers.Length)
            {
                // Numbers come in order: whoever sends the nth has sent those before it.
                var grown = new ResponseCounters[number + 1];
                numbers.CopyTo(grown, 0);
                for (var i = numbers.Length; i < grown.Length; i++)
                {
                    grown[i] = new ResponseCounters();
                }

                _numbers = numbers = grown;
            }

            return numbers[number];
        }
    }
}
