using System.Globalization;
using Xunit;

namespace InferenceServer.FunctionalTests.Allocations;

/// <summary>What a server allocates meanwhile, as its own counter tells.</summary>
internal static class AllocationCounter
{
    private const string Counter = "dotnet_gc_allocated_bytes_total ";

    /// <summary>How often it is counted at most until the thriftiest is within the limit: until then the compiler is still at work, and pools fill.</summary>
    private const int MostWindows = 30;

    /// <summary>The bytes of a request, in the thriftiest of some windows; one within the limit is enough.</summary>
    public static async Task<double> MeasureAsync(IAllocatingServer server, Func<Task> ask, int requests, double limit)
    {
        var least = double.MaxValue;
        for (var window = 0; window < MostWindows && least > limit; window++)
        {
            least = Math.Min(least, await CountAsync(server, () => RepeatAsync(ask, requests)) / (double)requests);
        }

        return least;
    }

    /// <summary>The bytes that the server allocates meanwhile, but for those of the asking.</summary>
    private static async Task<long> CountAsync(IAllocatingServer server, Func<Task> action)
    {
        await ReadAsync(server);
        var first = await ReadAsync(server);
        var second = await ReadAsync(server);
        await action();
        return await ReadAsync(server) - second - (second - first);
    }

    private static async Task RepeatAsync(Func<Task> ask, int times)
    {
        // One after another: how many wait at once is no matter of the machine then.
        for (var i = 0; i < times; i++)
        {
            await ask();
        }
    }

    private static async Task<long> ReadAsync(IAllocatingServer server)
    {
        var text = await server.Http.GetStringAsync(server.MetricsAddress, TestContext.Current.CancellationToken);
        var line = text.Split('\n').Single(static line => line.StartsWith(Counter, StringComparison.Ordinal));
        return (long)double.Parse(line.AsSpan(Counter.Length), CultureInfo.InvariantCulture);
    }
}
