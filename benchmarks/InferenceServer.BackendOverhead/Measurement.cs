using System.Diagnostics;
using InferenceServer.BackendOverhead.Subjects;

namespace InferenceServer.BackendOverhead;

/// <summary>Both ways of a subject in turn, round after round: what disturbs one disturbs the other.</summary>
/// <param name="Bare">Microseconds of a call of the library, the median of all rounds.</param>
/// <param name="Difference">Microseconds that the backend takes more, the median of the rounds' differences.</param>
/// <param name="Low">The lower quartile of those.</param>
/// <param name="High">The upper quartile of those.</param>
internal sealed record Measurement(double Bare, double Difference, double Low, double High)
{
    private const double RoundMilliseconds = 20;

    public static Measurement Of(Subject subject, int rounds)
    {
        var (bare, served) = (subject.Bare(), subject.Served());
        if (Math.Abs(bare - served) > 1e-5 * Math.Max(1, Math.Abs(bare)))
        {
            throw new InvalidOperationException($"{subject.Backend}, {subject.Model}: the library says {bare}, the backend {served}");
        }

        // What is compiled when it is used, and how many calls make a round.
        var calls = 1;
        for (var elapsed = 0.0; elapsed < RoundMilliseconds; calls *= 2)
        {
            elapsed = Math.Min(Time(subject.Bare, calls), Time(subject.Served, calls)) / 1000;
        }

        calls = Math.Max(1, calls / 2);
        Time(subject.Served, calls);
        var bares = new List<double>();
        var differences = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var isBareFirst = round % 2 == 0;
            var first = Time(isBareFirst ? subject.Bare : subject.Served, calls) / calls;
            var second = Time(isBareFirst ? subject.Served : subject.Bare, calls) / calls;
            bares.Add(isBareFirst ? first : second);
            differences.Add(isBareFirst ? second - first : first - second);
        }

        bares.Sort();
        differences.Sort();
        return new Measurement(bares[rounds / 2], differences[rounds / 2], differences[rounds / 4], differences[rounds * 3 / 4]);
    }

    private static double Time(Func<double> call, int calls)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            call();
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }
}
