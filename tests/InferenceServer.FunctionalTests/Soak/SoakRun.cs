using System.Diagnostics;
using System.Globalization;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Reliability;
using InferenceServer.FunctionalTests.Traffic;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>One server under load that comes and goes, all its actors, and the look at it after each time.</summary>
/// <param name="server">The server.</param>
/// <param name="http">Where it serves HTTP.</param>
/// <param name="repository">Its repository.</param>
/// <param name="seed">Where chance begins.</param>
/// <param name="tell">Where progress is told.</param>
internal sealed class SoakRun(ServerProcess server, Uri http, TemporaryDirectory repository, int seed, Action<string> tell) : IDisposable
{
    private const int Callers = 12;
    private const int Attempts = 30;

    private readonly List<ISoakActor> _actors = [];
    private readonly MemoryCaller[] _memory = [new(), new()];
    private readonly int _sockets = SoakVitals.Sockets(server.Id);
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    private SoakBooks _booksBefore = new();
    private SoakMetrics _metricsBefore = SoakMetrics.Empty;

    public SoakBooks Books { get; } = new();

    /// <summary>The process after each round.</summary>
    public List<SoakVitals> Series { get; } = [];

    /// <summary>The most memory that was seen at any time, in bytes.</summary>
    public long Peak { get; private set; }

    /// <summary>Has everything happen at once for a time, and then looks.</summary>
    public async Task RoundAsync(TimeSpan duration)
    {
        if (_actors.Count == 0)
        {
            Engage();
        }

        using (var ending = new CancellationTokenSource())
        using (var clients = new SoakClients(http, server.RpcAddress))
        {
            var scene = Scene(clients, Series.Count % 3 != 1, ending.Token);
            var acting = _actors.Select((actor, place) => Task.Run(() => ActAsync(actor, scene, new Random(HashCode.Combine(seed, place, Series.Count))))).ToArray();
            await WatchAsync(duration);
            await ending.CancelAsync();
            await Task.WhenAll(acting).WaitAsync(TimeSpan.FromMinutes(3));
        }

        await UntilAsync(() => Task.FromResult(SoakVitals.Sockets(server.Id) - _sockets), static left => left == 0, "connections that have ended on one side are still open on the other");
        await LookAsync();
    }

    /// <summary>Everything that the clients have changed is undone.</summary>
    public async Task EndAsync()
    {
        using var clients = new SoakClients(http, server.RpcAddress);
        var scene = Scene(clients, leaves: false, CancellationToken.None);
        foreach (var memory in _memory)
        {
            await memory.UnregisterAsync(scene);
        }

        Assert.Equal("[]", await clients.Http.GetStringAsync("/v2/systemsharedmemory/status"));
    }

    public void Dispose() => Array.ForEach(_memory, static memory => memory.Dispose());

    private SoakScene Scene(SoakClients clients, bool leaves, CancellationToken ending) => new(Books, clients, http, server.RpcAddress, server.MetricsAddress, repository, leaves, ending);

    private void Engage()
    {
        var reloader = new Reloader();
        var sequences = Callers + 6;
        var next = 0;
        _actors.AddRange(Enumerable.Range(0, Callers).Select(_ => new PlainCaller(next++, sequences)));
        _actors.AddRange(Enumerable.Range(0, 4).Select(_ => new BrokenOffCaller(next++, sequences)));
        _actors.AddRange(Enumerable.Range(0, 2).Select(_ => new SlowWriter(next++, sequences)));
        _actors.AddRange(Enumerable.Range(0, 4).Select(static _ => new StreamCaller()));
        _actors.AddRange(Enumerable.Range(0, 3).Select(_ => new ReloadedCaller(reloader)));
        _actors.AddRange(_memory);
        _actors.AddRange([reloader, new BurstCaller(), new SlowCaller(), new DeadlineCaller(), new SlowReader(), new SlowReader(), new UnreadStream(), new ResettingCaller(), new WrongCaller(), new SettingsChanger(), new Scraper(), new SilentConnections()]);
    }

    private async Task ActAsync(ISoakActor actor, SoakScene scene, Random random)
    {
        try
        {
            while (!scene.Ending.IsCancellationRequested && Books.Faults.Count == 0)
            {
                await actor.StepAsync(scene, random);
            }
        }
        catch (Exception exception)
        {
            Books.Fault($"{actor.GetType().Name}: {exception}");
        }
    }

    private async Task WatchAsync(TimeSpan duration)
    {
        var watch = Stopwatch.StartNew();
        var told = TimeSpan.Zero;
        while (watch.Elapsed < duration && Books.Faults.Count == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(250));
            var resident = Stress.ResidentBytes(server.Id);
            Peak = Math.Max(Peak, resident);
            if (watch.Elapsed - told >= TimeSpan.FromSeconds(10))
            {
                told = watch.Elapsed;
                tell(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds,6:F0} s: {Books.Sent} requests, resident {resident >> 20} MiB"));
            }
        }
    }

    /// <summary>Nothing is under way: every model answers, the books agree, and the process is as it was.</summary>
    private async Task LookAsync()
    {
        if (Books.Faults.Count > 0)
        {
            return;
        }

        using var clients = new SoakClients(http, server.RpcAddress);
        var scene = Scene(clients, leaves: false, CancellationToken.None);
        await AskAllAsync(scene);
        var collections = (await ScrapeAsync(clients)).Sum("dotnet_collection_count_total", "generation=\"2\"");
        await Reloader.ComeAndGoAsync(scene, 0);
        var metrics = await UntilAsync(() => ScrapeAsync(clients), metrics => Compare(metrics).Count == 0, "the books do not agree", metrics => string.Join('\n', Compare(metrics)));
        (_booksBefore, _metricsBefore) = (Books.Copy(), metrics);
        if (SoakLength.IsLong)
        {
            // What nobody has any more is out of the figures.
            metrics = await UntilAsync(() => ScrapeAsync(clients), metrics => metrics.Sum("dotnet_collection_count_total", "generation=\"2\"") > collections, "the heap was not collected after an unload");
        }

        Series.Add(SoakVitals.Read(server.Id, metrics, Books.Sent));
        tell(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds,6:F0} s: round {Series.Count}: {Series[^1]}"));
    }

    /// <summary>What does not agree, from the beginning or since the last look: in every third round nobody leaves, and all is exact.</summary>
    private List<string> Compare(SoakMetrics metrics) =>
        [.. SoakAudit.Compare(Books, metrics, SoakRepository.Steady), .. SoakAudit.Compare(Books.Since(_booksBefore), metrics.Since(_metricsBefore), SoakRepository.Steady).Select(static line => "since the last look: " + line)];

    private async Task AskAllAsync(SoakScene scene)
    {
        var random = new Random(seed);
        var sequence = new TrafficSequence(0, 1);
        var missing = new HashSet<string>(SoakRepository.Traffic);
        for (var i = 0; missing.Count > 0 && Books.Faults.Count == 0; i++)
        {
            Assert.True(i < Attempts * SoakRepository.Traffic.Length, $"no answer from {string.Join(", ", missing)}");
            var item = TrafficGenerator.Next(random, Books.NextNumber(), sequence);
            var answer = await PlainCaller.AskAsync(scene, random, item, leavesAfter: null);
            if (item.Question.Parameters.ContainsKey("sequence_id"))
            {
                sequence.Settle(item, answer);
            }

            if (answer is { Status: "" })
            {
                missing.Remove(item.Question.Model);
            }
        }

        missing = [.. SoakRepository.Decoupled];
        for (var i = 0; missing.Count > 0 && Books.Faults.Count == 0; i++)
        {
            Assert.True(i < Attempts * SoakRepository.Decoupled.Length, $"no answer from {string.Join(", ", missing)}");
            var item = DecoupledItem.Next(random, Books.NextNumber());
            if ((await StreamCaller.AskAsync(scene, random, [item], leavesAfter: null))[0].Error is null)
            {
                missing.Remove(item.Model);
            }
        }
    }

    private static async Task<SoakMetrics> ScrapeAsync(SoakClients clients, Uri metrics) => SoakMetrics.Read(await clients.Http.GetStringAsync(new Uri(metrics, "/metrics")));

    private Task<SoakMetrics> ScrapeAsync(SoakClients clients) => ScrapeAsync(clients, server.MetricsAddress);

    /// <summary>Waits for what must come, as long as it may take on a machine that is busy.</summary>
    private static async Task<T> UntilAsync<T>(Func<Task<T>> look, Func<T, bool> isThere, string what, Func<T, string>? describe = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var seen = await look();
            if (isThere(seen))
            {
                return seen;
            }

            Assert.True(clock.Elapsed < TestTimeouts.Phase, $"{what}: {describe?.Invoke(seen) ?? $"{seen}"}");
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }
}
