using InferenceServer.Host.Startup;
using InferenceServer.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Host.Tests.Startup;

/// <summary>When what starting has left on the heap is given back.</summary>
public sealed class StartGarbageTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _ready = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Heap _heap = new();

    public void Dispose() => _stopping.Dispose();

    [Fact]
    public async Task Idle_IsGivenBackOnce()
    {
        var run = Start();
        await StepAsync(StartGarbage.IdleBytes);

        await run.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
        Assert.Equal(1, _heap.Given);
    }

    [Fact]
    public async Task NotStartedYet_IsNotGivenBack()
    {
        var run = new StartGarbage(_ready.Task, _heap, _time).RunAsync(_stopping.Token);
        await StepAsync(0);
        await StepAsync(0);

        Assert.Equal(0, _heap.Given);
        Assert.False(run.IsCompleted);
        await _stopping.CancelAsync();
        await run.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
        Assert.Equal(0, _heap.Given);
    }

    [Fact]
    public async Task Busy_IsGivenBackWhenItIsNotAnyMore()
    {
        var run = Start();
        await StepAsync(StartGarbage.IdleBytes + 1);
        await StepAsync(StartGarbage.IdleBytes + 1);
        Assert.Equal(0, _heap.Given);
        Assert.False(run.IsCompleted);

        await StepAsync(0);

        await run.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
        Assert.Equal(1, _heap.Given);
    }

    [Fact]
    public async Task CollectedMeanwhile_NeedNotBe()
    {
        var run = Start();
        await StepAsync(StartGarbage.IdleBytes + 1);
        _heap.Collections++;

        _time.Advance(TimeSpan.FromSeconds(1));

        await run.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
        Assert.Equal(0, _heap.Given);
    }

    /// <summary>The system gets memory back, and what is used stays.</summary>
    [Fact]
    public void Heap_IsCollected()
    {
        var heap = new ManagedHeap();
        var (collections, allocated) = (heap.Collections, heap.AllocatedBytes);
        var gone = Leave();

        heap.GiveBack();

        Assert.True(heap.Collections > collections);
        Assert.True(heap.AllocatedBytes > allocated);
        Assert.False(gone.IsAlive);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference Leave() => new(new byte[100_000]);

    private Task Start()
    {
        _ready.SetResult();
        return new StartGarbage(_ready.Task, _heap, _time).RunAsync(_stopping.Token);
    }

    /// <summary>A second in which so much is allocated; it has been looked at by then.</summary>
    private async Task StepAsync(long bytes)
    {
        var looked = _heap.Looked;
        _heap.Allocate(bytes);
        _time.Advance(TimeSpan.FromSeconds(1));
        for (var left = TestTimeouts.Phase; _ready.Task.IsCompleted && _heap.Looked == looked; left -= TimeSpan.FromMilliseconds(5))
        {
            Assert.True(left > TimeSpan.Zero, "nobody looked");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private sealed class Heap : IManagedHeap
    {
        private long _allocated;
        private int _looked;

        public int Given { get; private set; }

        public int Looked => Volatile.Read(ref _looked);

        public long AllocatedBytes
        {
            get
            {
                var bytes = Interlocked.Read(ref _allocated);
                Interlocked.Increment(ref _looked);
                return bytes;
            }
        }

        public int Collections { get; set; }

        public void Allocate(long bytes) => Interlocked.Add(ref _allocated, bytes);

        public void GiveBack() => Given++;
    }
}
