using System.Globalization;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Inference;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>
/// A server that is told to stop while five hundred requests a second come, over HTTP connections that are kept, over gRPC and on a stream. The long form does it twenty times
/// (<c>INFERENCE_SERVER_STRESS=1</c>).
/// </summary>
public sealed class SigtermTests
{
    private const int Pace = 500;

    private static readonly int s_times = Environment.GetEnvironmentVariable("INFERENCE_SERVER_STRESS") == "1" ? 20 : 1;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Without a delay some requests come too late. Nobody who was let in gets no answer.</summary>
    [Fact]
    public async Task RequestsThatWereAccepted_AreAllAnswered()
    {
        using var repository = Repository();
        for (var i = 0; i < s_times; i++)
        {
            var (answered, failures, log) = await RunAsync(repository.FullPath, delay: 0, followsProbe: false);
            var lines = log.Split('\n').Where(static line => line.Contains(" INF Request ", StringComparison.Ordinal)).ToArray();
            Assert.Equal(answered, lines.Count(static line => line.Contains(" ok ", StringComparison.Ordinal)));

            // What was refused was told so, or never got in: a connection that was closed, or a call that was not begun.
            Assert.DoesNotContain(lines, static line => line.Contains(" failed ", StringComparison.Ordinal) && !line.Contains(" failed 503 ", StringComparison.Ordinal) && !line.Contains(" failed 14 ", StringComparison.Ordinal));
            Assert.All(failures, static failure => Assert.True(failure is "503" or "Unavailable" or "connection", failure));
        }
    }

    /// <summary>With a delay, clients that follow the server's readiness lose nothing at all.</summary>
    [Fact]
    public async Task ClientsThatFollowTheReadiness_LoseNothing()
    {
        using var repository = Repository();
        for (var i = 0; i < s_times; i++)
        {
            var (answered, failures, _) = await RunAsync(repository.FullPath, delay: 3, followsProbe: true);
            Assert.Empty(failures);
            Assert.True(answered > 0);
        }
    }

    private static async Task<(int Answered, IReadOnlyList<string> Failures, string Log)> RunAsync(string repository, int delay, bool followsProbe)
    {
        using var server = ServerProcess.Start(
            "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", $"--model-repository={repository}",
            $"--drain-delay-secs={delay.ToString(CultureInfo.InvariantCulture)}", "--log-requests-per-second=1000000", "--log-format=ISO8601");
        using var http = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        using var channel = GrpcChannel.ForAddress(server.RpcAddress);
        var rpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var (tally, isOver) = (new Tally(), new CancellationTokenSource());
        using (isOver)
        {
            var stream = StreamAsync(rpc, tally, isOver.Token);
            var paced = PaceAsync(http, rpc, tally, isOver.Token);
            await Waiting.UntilAsync(() => tally.Answered > 100);
            server.Signal(ServerProcess.SigTerm);
            if (followsProbe)
            {
                await Waiting.UntilAsync(async () => !await IsReadyAsync(http));
                await isOver.CancelAsync();
            }

            Assert.Equal(0, await server.WaitForExitAsync());
            await isOver.CancelAsync();
            await Task.WhenAll(stream, paced).WaitAsync(TestTimeouts.Phase, Token);
        }

        return (tally.Answered, tally.Failures, server.Log);
    }

    /// <summary>Starts requests at their pace, whether or not the ones before have been answered.</summary>
    private static async Task PaceAsync(HttpClient http, GRPCInferenceService.GRPCInferenceServiceClient rpc, Tally tally, CancellationToken isOver)
    {
        var running = new List<Task>();
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!isOver.IsCancellationRequested)
        {
            for (var i = 0; i < Pace / 100; i++)
            {
                running.Add(tally.CountAsync(running.Count % 2 == 0 ? PostAsync(http) : CallAsync(rpc)));
            }

            await ticks.WaitForNextTickAsync(Token);
        }

        await Task.WhenAll(running);
    }

    private static async Task PostAsync(HttpClient http)
    {
        using var content = new StringContent("{\"inputs\":[{\"name\":\"X\",\"datatype\":\"INT32\",\"shape\":[1],\"data\":[7]}]}");
        using var answer = await http.PostAsync("/v2/models/m/infer", content, Token);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException("refused", null, answer.StatusCode);
        }

        Assert.Contains("\"data\":[7]", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static async Task CallAsync(GRPCInferenceService.GRPCInferenceServiceClient rpc) => await rpc.ModelInferAsync(StreamTest.Plain("m", "", 7), cancellationToken: Token);

    /// <summary>One stream, on which a request follows the answer to the one before.</summary>
    private static async Task StreamAsync(GRPCInferenceService.GRPCInferenceServiceClient rpc, Tally tally, CancellationToken isOver)
    {
        using var call = rpc.ModelStreamInfer(cancellationToken: Token);
        while (!isOver.IsCancellationRequested)
        {
            try
            {
                await call.RequestStream.WriteAsync(StreamTest.Plain("m", "", 7), Token);
            }
            catch (Exception exception) when (exception is RpcException or InvalidOperationException)
            {
                // The stream has ended, which its answers tell.
            }

            var isAnswer = await tally.CountAsync(NextAsync(call.ResponseStream));
            if (!isAnswer)
            {
                return;
            }
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Token));
    }

    private static async Task NextAsync(IAsyncStreamReader<ModelStreamInferResponse> answers)
    {
        if (!await answers.MoveNext(Token))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the stream has ended"));
        }

        if (answers.Current.ErrorMessage.Length > 0)
        {
            // A request that came too late is refused on its stream.
            Assert.Contains("stopping", answers.Current.ErrorMessage, StringComparison.Ordinal);
            throw new RpcException(new Status(StatusCode.Unavailable, answers.Current.ErrorMessage));
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/v2/health/ready", Token);
        return answer.StatusCode == HttpStatusCode.OK;
    }

    private static TemporaryDirectory Repository()
    {
        var repository = new TemporaryDirectory();
        repository.Write("m/1/readme", "one version");
        repository.Write("m/config.pbtxt", "backend: \"identity\" input { name: \"X\" data_type: TYPE_INT32 dims: -1 } output { name: \"Y\" data_type: TYPE_INT32 dims: -1 }");
        return repository;
    }

    private sealed class Tally
    {
        private readonly List<string> _failures = [];
        private int _answered;

        public int Answered => Volatile.Read(ref _answered);

        public IReadOnlyList<string> Failures
        {
            get
            {
                lock (_failures)
                {
                    return [.. _failures];
                }
            }
        }

        public async Task<bool> CountAsync(Task request)
        {
            try
            {
                await request;
                Interlocked.Increment(ref _answered);
                return true;
            }
            catch (HttpRequestException exception)
            {
                Add(exception.StatusCode is { } code ? ((int)code).ToString(CultureInfo.InvariantCulture) : "connection");
            }
            catch (RpcException exception)
            {
                // What the client library itself makes of a connection that goes has the exception with it; what the server says has not.
                Add(exception.Status.DebugException is null ? exception.StatusCode.ToString() : "connection");
            }

            return false;
        }

        private void Add(string failure)
        {
            lock (_failures)
            {
                _failures.Add(failure);
            }
        }
    }
}
