using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Clients that go at the worst moments. The web server must find nothing on their connections that it would have to warn of.</summary>
public sealed class GoneClientTests
{
    private const string Header = """{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}}]}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Each has come whole and is read in part.</summary>
    public static TheoryData<string, string> Refusals => new()
    {
        { $"Inference-Header-Content-Length: {Header.Length}\r\n", "x" + Header[1..] + "tail" },
        { $"Inference-Header-Content-Length: {Header.Length}\r\n", Header + "tail and more" },
        { "Content-Encoding: gzip\r\n", "neither gzip nor anything else" },
        { "Content-Encoding: deflate\r\n", "\x78\x20 counts on a dictionary" },
        { "Content-Encoding: gzip\r\n", "\x1f\x8b\x08\x00 what follows is not gzip's" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task RefusedRequest_WhoseClientGoesBeforeItEnds_LeavesNothingToWarnOf(string headers, string body)
    {
        await using var server = await KServeServer.StartAsync();

        // The request ends for the web server once its client has gone, and not before.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.AfterEach = async context =>
        {
            await GoneAsync(context);
            ended.TrySetResult();
        };
        using (var client = await SendAsync(server, $"POST /v2/models/echo/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n{headers}\r\n{body}"))
        {
            Assert.StartsWith("HTTP/1.1 4", await ReadSomeAsync(client), StringComparison.Ordinal);
        }

        await ended.Task.WaitAsync(TestTimeouts.Phase, Token);
        await server.StopAsync();
        Assert.Empty(server.Log.Entries);
    }

    [Fact]
    public async Task Request_WhoseClientGoesBetweenItsHeaderAndItsTensors_LeavesNothingToWarnOf()
    {
        await using var server = await KServeServer.StartAsync();
        var isRenting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gone = new ManualResetEventSlim();
        server.BeforeEach = context => context.RequestAborted.Register(gone.Set);
        server.AfterEach = context =>
        {
            ended.TrySetResult();
            return Task.CompletedTask;
        };
        server.Allocator.Renting = () =>
        {
            isRenting.TrySetResult();
            Assert.True(gone.Wait(TestTimeouts.Phase, Token));
        };
        using (await SendAsync(server, $"POST /v2/models/echo/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {Header.Length + 4}\r\nInference-Header-Content-Length: {Header.Length}\r\n\r\n{Header}tail"))
        {
            await isRenting.Task.WaitAsync(TestTimeouts.Phase, Token);
        }

        await ended.Task.WaitAsync(TestTimeouts.Phase, Token);
        await server.StopAsync();
        Assert.Empty(server.Log.Entries);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task BodyThatFails_EndsTheExchange_BeforeTheWebServerReadsOn()
    {
        var lifetime = new Lifetime();
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        Assert.True(await ReadingFailures.TryAnswerAsync(context, PipeReader.Create(Stream.Null), new IOException("the connection was reset")));
        Assert.True(lifetime.IsAborted);
    }

    /// <summary>The client has its answer before the server has returned from sending it.</summary>
    [Theory]
    [InlineData("infer", """{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[7]}]}""", 200)]
    [InlineData("infer", """{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[7]}],"parameters":{"binary_data_output":true}}""", 200)]
    [InlineData("infer", """{"inputs":[]}""", 400)]
    [InlineData("generate", """{"IN":7}""", 200)]
    public async Task Answer_WhoseClientHangsUpWithItsLastByte_CountsAsAnswered(string route, string body, int status)
    {
        await using var server = await KServeServer.StartAsync();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.BeforeEach = context => context.Features.Set<IHttpResponseBodyFeature>(new LingeringBody(context.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), GoneAsync(context)));
        server.AfterEach = context =>
        {
            ended.TrySetResult();
            return Task.CompletedTask;
        };
        using (var client = await SendAsync(server, $"POST /v2/models/echo/{route} HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n{body}"))
        {
            Assert.StartsWith($"HTTP/1.1 {status} ", await ReadSomeAsync(client), StringComparison.Ordinal);
        }

        await ended.Task.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(1, server.Answers.Read(RequestProtocol.Http).Sum(static pair => pair.Value));
        Assert.Equal(1, server.Answers.Read(RequestProtocol.Http).Single(pair => pair.Key == status).Value);
    }

    private static Task GoneAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        context.RequestAborted.Register(gone.SetResult);
        return gone.Task.WaitAsync(TestTimeouts.Phase, Token);
    }

    private static async Task<TcpClient> SendAsync(KServeServer server, string request)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, Token);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), Token);
        return client;
    }

    private static async Task<string> ReadSomeAsync(TcpClient client)
    {
        var bytes = new byte[4096];
        return Encoding.Latin1.GetString(bytes, 0, await client.GetStream().ReadAsync(bytes, Token));
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
