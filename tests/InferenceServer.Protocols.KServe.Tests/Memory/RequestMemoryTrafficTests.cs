using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Memory;

/// <summary>Random requests at the line for memory: everybody gets in or is told, the limit holds as far as it is said to, and in the end nothing is in use.</summary>
public sealed class RequestMemoryTrafficTests
{
    private const long Unit = 64 << 10;
    private const int Limit = 20;
    private const int LargestCome = 23;
    private const int LargestGrown = 40;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>One step at a time: somebody comes, grows, leaves, or is gone; the clock moves.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Steps_OfAnyKind_KeepTheLimitAndEndWithNothingInUse(int seed)
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        var gate = new RequestMemoryGate(new RequestMemoryOptions { MaxBytes = Limit * Unit }, time);
        var present = new List<Visitor>();
        for (var step = 0; step < 400; step++)
        {
            var served = present.Where(static one => one.IsServed).ToList();
            switch (random.Next(5))
            {
                case 0 or 1:
                    present.Add(new Visitor(gate, time, random.Next(1, LargestCome)));
                    break;
                case 2 when served.Count > 0:
                    served[random.Next(served.Count)].Grow(random.Next(1, LargestGrown));
                    break;
                case 3 when served.Count > 0:
                    Leave(served[random.Next(served.Count)]);
                    break;
                case 4 when present.Count > 0:
                    var gone = present[random.Next(present.Count)];
                    await gone.GoAsync();
                    Leave(gone);
                    break;
                default:
                    time.Advance(TimeSpan.FromSeconds(random.Next(1, 8)));
                    break;
            }

            await SettleAsync();
            Assert.Equal(present.Sum(static one => one.Room.Bytes), gate.InUse);

            // All keep to the limit but one, which may be larger than everything or may have grown beyond it.
            Assert.InRange(gate.InUse, 0, (Limit + LargestGrown) * Unit);
            Assert.True(gate.Waiting == 0 || present.Exists(static one => one.IsServed && one.Room.Bytes > 0), $"step {step}: {gate.Waiting} wait for nobody");
        }

        while (present.Find(static one => one.IsServed) is { } last)
        {
            Leave(last);
            await SettleAsync();
        }

        Assert.Empty(present);
        Assert.Equal((0, 0), (gate.InUse, gate.Waiting));

        void Leave(Visitor visitor)
        {
            present.Remove(visitor);
            visitor.Dispose();
        }

        // What has been decided is to be known before the next step.
        async Task SettleAsync()
        {
            foreach (var late in present.FindAll(static one => one.IsLate))
            {
                await late.Taking.WaitAsync(TestTimeouts.Phase, Token);
            }

            foreach (var admitted in present.FindAll(static one => one.IsAdmitted))
            {
                await admitted.Taking.WaitAsync(TestTimeouts.Phase, Token);
            }
        }
    }

    [Fact]
    public async Task Threads_ThatComeAndGo_LeaveNothing()
    {
        var gate = new RequestMemoryGate(new RequestMemoryOptions { MaxBytes = Limit * Unit }, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(1, 32).Select(seed => Task.Run(() => VisitAsync(gate, seed), Token))).WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal((0, 0), (gate.InUse, gate.Waiting));
        Assert.InRange(gate.Peak, Unit, (Limit + LargestGrown) * Unit);
        Assert.Equal(0, gate.Refusals);
    }

    private static async Task VisitAsync(RequestMemoryGate gate, int seed)
    {
        var random = new Random(seed);
        for (var visit = 0; visit < 100; visit++)
        {
            using var gone = new CancellationTokenSource();
            using var room = new RequestRoom();
            room.Open(gate, gone.Token);
            try
            {
                if (random.Next(4) == 0)
                {
                    gone.CancelAfter(TimeSpan.FromMilliseconds(1));
                }

                Assert.Null(await room.GrowToAsync(random.Next(1, Limit) * Unit));
                await Task.Yield();
                Assert.Null(await room.GrowToAsync(random.Next(1, LargestGrown) * Unit));
            }
            catch (OperationCanceledException)
            {
                // It is gone, as it is meant to be.
            }
        }
    }

    private sealed class Visitor : IDisposable
    {
        private readonly FakeTimeProvider _time;
        private readonly CancellationTokenSource _gone = new();
        private DateTimeOffset _since;
        private long _wanted;

        public Visitor(RequestMemoryGate gate, FakeTimeProvider time, int units)
        {
            _time = time;
            Room.Open(gate, _gone.Token);
            Grow(units);
        }

        public RequestRoom Room { get; } = new();

        public Task Taking { get; private set; } = Task.CompletedTask;

        public bool IsServed => Taking.IsCompleted;

        public bool IsAdmitted => Room.Bytes >= _wanted;

        public bool IsLate => _time.GetUtcNow() - _since >= new RequestMemoryOptions().MaxWait;

        public void Grow(int units)
        {
            _since = _time.GetUtcNow();
            _wanted = units * Unit;
            Taking = Room.GrowToAsync(_wanted).AsTask();
        }

        public async Task GoAsync()
        {
            await _gone.CancelAsync();
            await Taking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        public void Dispose()
        {
            Room.Dispose();
            _gone.Dispose();
        }
    }
}
