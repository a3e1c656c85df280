using InferenceServer.Core.Observation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Observation;

public sealed class RequestLogTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Lines _lines = new();

    [Fact]
    public void Request_ThatEnds_HasOneLineWithWhatIsKnownOfIt()
    {
        var observer = Observe(new RequestLogOptions());
        using (var record = observer.Begin(RequestProtocol.Http, "m"))
        {
            record.RequestId = "r";
            record.Code = 200;
            record.Rows = 3;
            _time.Advance(TimeSpan.FromMilliseconds(7));
            record.Dispose();
        }

        var line = Assert.Single(_lines.Events);
        Assert.Equal(("r", "http", "m", 200, "ok", 3, 7000L), (line["RequestId"], line["Protocol"], line["Model"], line["Code"], line["Outcome"], line["Rows"], line["TotalUs"]));
        Assert.Equal("-", line["TraceId"]);
    }

    [Fact]
    public void Request_WithoutAnIdOfItsClient_HasTheTransportsName()
    {
        var observer = Observe(new RequestLogOptions());
        using (var record = observer.Begin(RequestProtocol.Rpc, new string('x', 400)))
        {
            record.NameBy("connection", static transport => $"{transport}:1");
            record.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            record.Code = 3;
        }

        var line = Assert.Single(_lines.Events);
        Assert.Equal(("connection:1", "failed", 3, "0af7651916cd43dd8448eb211c80319c"), (line["RequestId"], line["Outcome"], line["Code"], line["TraceId"]));
        Assert.Equal(257, ((string)line["Model"]!).Length);
    }

    [Theory]
    [InlineData(1, true, 200, 0.99, true)]
    [InlineData(0.5, true, 200, 0.49, true)]
    [InlineData(0.5, true, 200, 0.5, false)]
    [InlineData(0, true, 200, 0, false)]
    [InlineData(0, true, 503, 1, true)]
    [InlineData(0.5, true, 404, 1, true)]
    [InlineData(0, false, 500, 0, false)]
    public void Share_IsOfThoseThatSucceed(double share, bool logsFailures, int code, double chance, bool isLogged)
    {
        var observer = Observe(new RequestLogOptions { Share = share, LogsFailures = logsFailures }, () => chance);
        using (var record = observer.Begin(RequestProtocol.Http, "m"))
        {
            record.Code = code;
        }

        Assert.Equal(isLogged ? 1 : 0, _lines.Events.Count);
    }

    [Fact]
    public void MoreThanASecondMayHave_AreLeftOutAndCountedInTheNextLine()
    {
        var observer = Observe(new RequestLogOptions { LinesPerSecond = 2 });
        Answer(observer, 200, 5);
        Assert.Equal(2, _lines.Events.Count);

        // Those that fail have lines of their own.
        Answer(observer, 500, 1);
        Assert.Equal(500, _lines.Events[^1]["Code"]);
        _time.Advance(TimeSpan.FromSeconds(1));
        Answer(observer, 200, 1);
        Assert.Equal(3L, _lines.Events[^1]["Skipped"]);
        Answer(observer, 200, 1);
        Assert.Equal(0L, _lines.Events[^1]["Skipped"]);
        Assert.Equal(5, _lines.Events.Count);
    }

    [Fact]
    public void Answers_AreCountedByTheirCodes()
    {
        var observer = Observe(new RequestLogOptions());
        Assert.Equal([KeyValuePair.Create(0, 0L)], observer.Answers.Read(RequestProtocol.Rpc));
        Answer(observer, 200, 2);
        Answer(observer, RequestObserver.ClientGone, 1);
        Answer(observer, 5000, 1);
        Assert.Equal([KeyValuePair.Create(200, 2L), KeyValuePair.Create(499, 1L), KeyValuePair.Create(599, 1L)], observer.Answers.Read(RequestProtocol.Http));
    }

    [Fact]
    public void Observation_OfARequestThatIsNotLogged_AllocatesItsRecordAlone()
    {
        var observer = Observe(new RequestLogOptions { LinesPerSecond = 1 });
        Answer(observer, 200, 10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Answer(observer, 200, 100);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 100, 100 * 256);
    }

    private static void Answer(RequestObserver observer, int code, int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var record = observer.Begin(RequestProtocol.Http, "m");
            record.Code = code;
        }
    }

    private RequestObserver Observe(RequestLogOptions options, Func<double>? chance = null) => new(_time, new RequestLog(_lines, options, _time, chance ?? (static () => 0)));

    private sealed class Lines : ILogger
    {
        public List<IReadOnlyDictionary<string, object?>> Events { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Events.Add(((IReadOnlyList<KeyValuePair<string, object?>>)state!).ToDictionary(static pair => pair.Key, static pair => pair.Value));
    }
}
