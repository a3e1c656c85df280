using InferenceServer.Core.Lifecycle;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>Threads that yield to all others.</summary>
public sealed class BackgroundThreadsTests
{
    private readonly BackgroundThreads _threads = new("test", most: 2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Work_RunsOnAThreadThatYields()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "how much a thread counts is read from /proc");
        var stat = await _threads.RunAsync(static () => File.ReadAllText("/proc/thread-self/stat"));

        // Behind the name, which may hold anything: the 17th field is the niceness.
        Assert.Equal("10", stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16]);
    }

    [Fact]
    public async Task Failure_IsTheCallers_AndTheThreadGoesOn()
    {
        var failed = _threads.RunAsync<int>(static () => throw new InvalidOperationException("junk"));
        Assert.Equal("junk", (await Assert.ThrowsAsync<InvalidOperationException>(() => failed)).Message);
        Assert.Equal(5, await _threads.RunAsync(static () => 5).WaitAsync(TestTimeouts.Phase, Token));
    }

    [Fact]
    public async Task MoreWorkThanThreads_Waits_AndAllIsDone()
    {
        using var gate = new ManualResetEventSlim();
        var running = 0;
        var most = 0;
        var work = Enumerable.Range(0, 20).Select(i => _threads.RunAsync(() =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            gate.Wait(TestTimeouts.Phase);
            Interlocked.Decrement(ref running);
            return i;
        })).ToArray();
        while (Volatile.Read(ref running) < 2)
        {
            await Task.Delay(1, Token);
        }

        gate.Set();
        Assert.Equal(Enumerable.Range(0, 20), await Task.WhenAll(work).WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(2, most);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
