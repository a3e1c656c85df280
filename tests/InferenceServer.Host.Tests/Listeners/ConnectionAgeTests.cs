using System.Net;
using InferenceServer.Host.Listeners;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Host.Tests.Listeners;

/// <summary>A real HTTP/2 connection that ages by a clock which the test turns.</summary>
public sealed class ConnectionAgeTests : IAsyncLifetime
{
    private static readonly TimeSpan s_age = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_grace = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient _client = new() { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact, Timeout = TestTimeouts.Phase };
    private WebApplication? _app;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        _client.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync(Token);
            await _app.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(0, 0.9)]
    [InlineData(0.5, 1)]
    [InlineData(1, 1.1)]
    public async Task Connection_AtItsAge_GivesWayToANewOne(double jitter, double expected)
    {
        await StartAsync(Timeout.InfiniteTimeSpan, jitter);
        var first = await _client.GetStringAsync("/", Token);
        _time.Advance((s_age * expected) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(first, await _client.GetStringAsync("/", Token));

        _time.Advance(TimeSpan.FromMilliseconds(1));

        // The client learns of it a moment later.
        using var patience = new CancellationTokenSource(TestTimeouts.Phase);
        while (await AskAgainAsync(patience.Token) == first)
        {
            await Task.Yield();
        }
    }

    /// <summary>A request that sets out while the farewell is on its way finds nobody there, and is sent once more.</summary>
    private async Task<string> AskAgainAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetStringAsync("/", cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.HttpProtocolError or HttpRequestError.ResponseEnded)
        {
            return await _client.GetStringAsync("/", cancellationToken);
        }
    }

    [Fact]
    public async Task Call_OnAConnectionThatIsAskedToGo_IsFinished()
    {
        await StartAsync(s_grace);
        var call = _client.GetStringAsync("/wait", Token);
        await _arrived.Task.WaitAsync(TestTimeouts.Phase, Token);
        _time.Advance(s_age);
        _time.Advance(s_grace - TimeSpan.FromMilliseconds(1));
        _gate.SetResult();
        Assert.Equal("done", await call);
    }

    [Fact]
    public async Task Call_ThatOutlastsTheGrace_IsCut()
    {
        await StartAsync(s_grace);
        var call = _client.GetStringAsync("/wait", Token);
        await _arrived.Task.WaitAsync(TestTimeouts.Phase, Token);
        _time.Advance(s_age);
        _time.Advance(s_grace);
        await Assert.ThrowsAsync<HttpRequestException>(() => call);
    }

    private async Task StartAsync(TimeSpan grace, double jitter = 0.5)
    {
        var age = new ConnectionAge(s_age, grace, _time, () => jitter);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(age.Before);
        }));
        _app = builder.Build();
        _app.Run(async context =>
        {
            if (context.Request.Path != "/wait")
            {
                await context.Response.WriteAsync(context.Connection.Id, context.RequestAborted);
                return;
            }

            _arrived.SetResult();
            await _gate.Task;
            await context.Response.WriteAsync("done", CancellationToken.None);
        });
        await _app.StartAsync(Token);
        _client.BaseAddress = new Uri(_app.Urls.Single());
    }
}
