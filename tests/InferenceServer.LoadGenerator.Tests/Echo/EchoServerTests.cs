using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using InferenceServer.Bench;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Rpc;
using InferenceServer.LoadGenerator.Answers;
using InferenceServer.LoadGenerator.Comparing;
using InferenceServer.LoadGenerator.Echo;
using InferenceServer.LoadGenerator.Load;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Echo;

/// <summary>The tool against its own echo endpoint with real sockets.</summary>
public sealed class EchoServerTests
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(20);
    private static readonly IReadOnlyList<WireEncoding> _all = [WireEncoding.Json, WireEncoding.Binary, WireEncoding.Grpc];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Record_RightAnswers_AreCheckedByValue()
    {
        await using var server = await EchoServer.StartAsync(AddSub.Recording(rows: 2), RpcEcho.Generated, 0, 0, Cancellation);

        var workload = await new Recorder(Target(server), _timeout).RecordAsync("add_sub", 2, _all, Cancellation);

        Assert.Equal(AnswerCheck.Values, workload.Check);
        Assert.Equal("application/octet-stream", workload.Recording.Binary!.Header("content-type"));
        Assert.Equal(AddSub.Recording(rows: 2).Grpc, workload.Recording.Grpc);
        Assert.NotNull(workload.Recording.Json!.Header("Server"));
    }

    [Fact]
    public async Task Record_WrongAnswer_IsRefused()
    {
        var recording = AddSub.Recording(rows: 1);
        recording.Binary!.Body[^1] ^= 1;
        await using var server = await EchoServer.StartAsync(recording, RpcEcho.Raw, 0, 0, Cancellation);

        await Assert.ThrowsAsync<BenchException>(() => new Recorder(Target(server), _timeout).RecordAsync("add_sub", 1, _all, Cancellation));
    }

    [Theory]
    [InlineData("Json", "Generated")]
    [InlineData("Binary", "Generated")]
    [InlineData("Grpc", "Generated")]
    [InlineData("Grpc", "Raw")]
    public async Task Run_FourConnections_HasAnswersAndNoErrors(string encoding, string rpcEcho)
    {
        await using var server = await EchoServer.StartAsync(AddSub.Recording(rows: 1), Enum.Parse<RpcEcho>(rpcEcho), 0, 0, Cancellation);
        var point = await PointAsync(server, Enum.Parse<WireEncoding>(encoding));

        var result = await PointRunner.RunAsync(point, Cancellation);

        Assert.Equal(0, result.Errors);
        Assert.True(result.Requests > 0, result.ToString());
        Assert.True(result.P50 > 0 && result.P50 <= result.P99 && result.P99 <= result.Max, result.ToString());
    }

    [Theory]
    [InlineData("Binary", 1025, 0)]
    [InlineData("Grpc", 1025, 8)]
    public async Task Point_OfThousandsOfThreadsOrHttp2Connections_IsRefused(string encoding, int connections, int threads)
    {
        await using var server = await EchoServer.StartAsync(AddSub.Recording(rows: 1), RpcEcho.Generated, 0, 0, Cancellation);
        var workload = await new Recorder(Target(server), _timeout).RecordAsync("add_sub", 1, [WireEncoding.Json], Cancellation);

        var error = Assert.Throws<BenchException>(() => FixedPoint.Of(Enum.Parse<WireEncoding>(encoding), Target(server), connections, _timeout, _timeout, _timeout, workload.Requests, null, threads));

        Assert.Contains("--client-threads", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Json")]
    [InlineData("Grpc")]
    public async Task Run_AnswerIsNotTheExpectedOne_FailsBeforeMeasuring(string encoding)
    {
        await using var server = await EchoServer.StartAsync(AddSub.Recording(rows: 1), RpcEcho.Generated, 0, 0, Cancellation);
        var point = await PointAsync(server, Enum.Parse<WireEncoding>(encoding));
        point = point with { Requests = point.Requests with { Expected = [[1, 2, 3]] } };

        var error = await Assert.ThrowsAsync<BenchException>(() => PointRunner.RunAsync(point, Cancellation));

        Assert.Contains("differs", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_OfWhatIsNoMessage_IsRefusedByTheGeneratedEchoAndNotSeenByTheRawOne()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => CallAsync(RpcEcho.Generated));
        Assert.Equal(StatusCode.Unknown, refused.StatusCode);
        Assert.Equal(AddSub.Recording(rows: 1).Grpc, await CallAsync(RpcEcho.Raw));

        static async Task<byte[]> CallAsync(RpcEcho rpcEcho)
        {
            await using var server = await EchoServer.StartAsync(AddSub.Recording(rows: 1), rpcEcho, 0, 0, Cancellation);
            using var channel = GrpcChannel.ForAddress($"http://{server.GrpcAddress}");
            return await channel.CreateCallInvoker().AsyncUnaryCall(RawMethod.Unary, null, new CallOptions(cancellationToken: Cancellation), [0xFF]);
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xFF }, "is no message")]
    [InlineData(new byte[] { 0x1A, 0x01, 0x37, 0x0A, 0x01, 0x6D }, "--grpc-echo raw")]
    public async Task Start_AnswerThatTheGeneratedClassesDoNotGive_SaysSo(byte[] answer, string message)
    {
        var recording = AddSub.Recording(rows: 1) with { Grpc = answer };

        var error = await Assert.ThrowsAsync<BenchException>(() => EchoServer.StartAsync(recording, RpcEcho.Generated, 0, 0, Cancellation));
        await using var raw = await EchoServer.StartAsync(recording, RpcEcho.Raw, 0, 0, Cancellation);

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NobodyListens_SaysSo()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var address = (IPEndPoint)closed.LocalEndpoint;
        closed.Stop();

        var error = await Assert.ThrowsAsync<BenchException>(
            () => new Recorder(LoadTarget.Of(address, address), _timeout).RecordAsync("add_sub", 1, _all, Cancellation));

        Assert.Contains(address.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_ChildProcessAgainstTheSameAnswers_GivesARowForEveryPoint()
    {
        await using var server = await EchoServer.StartAsync(AddSub.Recording(rows: 1), RpcEcho.Generated, 0, 0, Cancellation);
        var workload = await new Recorder(Target(server), _timeout).RecordAsync("add_sub", 1, _all, Cancellation);
        await using var child = await EchoChild.StartAsync(workload.Recording, RpcEcho.Generated, Cancellation);
        var time = TimeSpan.FromMilliseconds(100);
        var plan = new ComparisonPlan("add_sub", 1, _all, [1, 2], Rounds: 2, Settle: time, time, time, _timeout, ExactAnswers: true);

        var rows = await new Comparison(plan, workload, Target(server), LoadTarget.Of(child.Http, child.Grpc), TextWriter.Null).RunAsync(Cancellation);

        Assert.Equal(6, rows.Count);
        Assert.All(rows, row => Assert.Equal(2, row.Rounds.Count));
        Assert.All(rows, row => Assert.Equal(0, row.Errors));
        Assert.All(rows, row => Assert.True(row.Ratio > 0));
        Assert.Contains("| gRPC (generated echo) | 2 |", ComparisonReport.Markdown(plan, workload, Target(server), rows), StringComparison.Ordinal);
    }

    private static LoadTarget Target(EchoServer server) => LoadTarget.Of(server.HttpAddress, server.GrpcAddress);

    private static async Task<LoadPoint> PointAsync(EchoServer server, WireEncoding encoding)
    {
        var target = Target(server);
        var workload = await new Recorder(target, _timeout).RecordAsync("add_sub", 1, [encoding], Cancellation);
        var measure = TimeSpan.FromMilliseconds(200);
        return FixedPoint.Of(encoding, target, 4, measure, measure, _timeout, workload.Requests, workload.Expected(encoding));
    }
}
