using InferenceServer.Core.Tracing;
using InferenceServer.Testing.Backends;
using Microsoft.Extensions.Logging;
using Xunit;

namespace InferenceServer.Core.Tests.Tracing;

public sealed class TracedExecutionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_PassesThePlacesInOrder()
    {
        await using var model = new ServedModelFixture();
        using var trace = Begin();
        var request = model.Rows(2, 1f, "r");
        request.Trace = trace;
        using var response = (await model.Engine.InferAsync(request, Token)).Response;
        Assert.Equal(
            ["REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "COMPUTE_END", "INFER_RESPONSE_COMPLETE", "REQUEST_END"],
            Names(trace));
        Assert.Equal("r", trace.RequestId);
        Assert.Equal([(TraceActivity.TensorQueueInput, "X", 32L), (TraceActivity.TensorBackendOutput, "Y", 32L)], trace.Tensors.Select(static tensor => (tensor.Activity, tensor.Name, tensor.Length)));
    }

    [Fact]
    public async Task RequestThatIsRefused_EndsItsTraceWithoutAQueue()
    {
        await using var model = new ServedModelFixture();
        using var trace = Begin();
        var request = model.Rows(100, 1f);
        request.Trace = trace;
        Assert.False((await model.Engine.InferAsync(request, Token)).IsSuccess);
        Assert.Equal(["REQUEST_START", "REQUEST_END"], Names(trace));
    }

    [Fact]
    public async Task RequestThatFails_HasNoResponseInItsTrace()
    {
        await using var model = new ServedModelFixture();
        model.Backend.Execute = static _ => throw new Abstractions.Errors.BackendException("it broke");
        using var trace = Begin();
        var request = model.Rows(1, 1f);
        request.Trace = trace;
        Assert.False((await model.Engine.InferAsync(request, Token)).IsSuccess);
        Assert.Equal(["REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "REQUEST_END"], Names(trace));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DecoupledRequest_ShowsEachOfItsResponses(bool saysFinal)
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = batch =>
        {
            for (var i = 0; i < 2; i++)
            {
                FakeBackend.EchoFirst(batch);
                batch.SendResponse(isFinal: saysFinal && i == 1);
            }
        };
        using var trace = Begin();
        var request = model.Rows(1, 1f);
        request.Trace = trace;
        using var stream = model.Engine.StartStream(request, Token);
        while (await stream.ReadAsync(Token) is { } outcome)
        {
            outcome.Response!.Dispose();
        }

        string[] ended = saysFinal ? ["COMPUTE_END", "INFER_RESPONSE_COMPLETE"] : ["INFER_RESPONSE_COMPLETE", "COMPUTE_END"];
        Assert.Equal(
            ["REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "INFER_RESPONSE_COMPLETE", .. ended, "REQUEST_END"],
            Names(trace));
        Assert.Equal(2, trace.Tensors.Count(static tensor => tensor.Activity == TraceActivity.TensorBackendOutput));
    }

    [Fact]
    public async Task UnexpectedFault_IsLoggedWithTheTracesOfTheCallers()
    {
        var log = new RecordingLog();
        await using var model = new ServedModelFixture(logger: log);
        model.Backend.Execute = static _ => throw new InvalidOperationException("it broke");
        var request = model.Rows(1, 1f);
        request.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        Assert.False((await model.Engine.InferAsync(request, Token)).IsSuccess);
        Assert.Contains(KeyValuePair.Create<string, object?>("TraceId", "0af7651916cd43dd8448eb211c80319c"), Assert.Single(log.Properties));
    }

    private static RequestTrace Begin() =>
        new(1, "m", 1, new TraceSettings(TraceLevels.Timestamps | TraceLevels.Tensors, 1, -1, 0), default, TraceWriter.None, TimeProvider.System);

    private static string[] Names(RequestTrace trace) =>
        [.. trace.Timestamps.OrderBy(static timestamp => timestamp.Timestamp).Select(static timestamp => TraceActivities.NameOf(timestamp.Activity))];

    private sealed class RecordingLog : ILogger
    {
        public List<IReadOnlyList<KeyValuePair<string, object?>>> Properties { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Properties.Add([.. (IReadOnlyList<KeyValuePair<string, object?>>)state!]);
    }
}
