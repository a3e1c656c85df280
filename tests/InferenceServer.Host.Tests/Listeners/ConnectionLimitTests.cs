using System.IO.Abstractions.TestingHelpers;
using System.Runtime.CompilerServices;
using InferenceServer.Host.Listeners;
using InferenceServer.Host.Options;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Host.Tests.Listeners;

/// <summary>The places of connections: however one ends, its place is given back once.</summary>
public sealed class ConnectionLimitTests
{
    private readonly ConnectionLimit _limit = new(Options("--max-connections=2"), new FakeTimeProvider(), NullLogger<ConnectionLimit>.Instance);

    [Fact]
    public async Task Place_OfAConnectionThatEnds_IsGivenBack()
    {
        var gate = new TaskCompletionSource();
        var serving = _limit.Before(Listener.Http, _ => gate.Task)(new DefaultConnectionContext());
        Assert.Equal(1, _limit.Open(Listener.Http));

        gate.SetResult();
        await serving;

        Assert.Equal((0, 0), (_limit.Open(Listener.Http), _limit.Abandoned(Listener.Http)));
    }

    [Fact]
    public async Task Place_OfAConnectionThatFails_IsGivenBack()
    {
        await Assert.ThrowsAsync<IOException>(() => _limit.Before(Listener.Rpc, static _ => Task.FromException(new IOException("cut")))(new DefaultConnectionContext()));

        Assert.Equal((0, 0), (_limit.Open(Listener.Rpc), _limit.Abandoned(Listener.Rpc)));
    }

    [Fact]
    public async Task Place_OfAConnectionThatNeverEnds_IsGivenBackOnceNothingHoldsIt()
    {
        ServeWithoutEnd(2);
        for (var i = 0; i < 100 && _limit.Open(Listener.Rpc) != 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        Assert.Equal((0, 2), (_limit.Open(Listener.Rpc), _limit.Abandoned(Listener.Rpc)));
        Assert.Equal((true, false), await AskAsync(Listener.Http));
    }

    [Fact]
    public async Task Connection_BeyondTheLimit_IsAbortedAndNotServed_UntilAPlaceIsFree()
    {
        var gate = new TaskCompletionSource();
        var first = _limit.Before(Listener.Http, _ => gate.Task)(new DefaultConnectionContext());
        var second = _limit.Before(Listener.Rpc, _ => gate.Task)(new DefaultConnectionContext());

        Assert.Equal((false, true), await AskAsync(Listener.Rpc));
        Assert.Equal((true, false), await AskAsync(Listener.Metrics));
        Assert.Equal((1, 1, 1), (_limit.Open(Listener.Http), _limit.Open(Listener.Rpc), _limit.Refused(Listener.Rpc)));

        gate.SetResult();
        await Task.WhenAll(first, second);
        Assert.Equal((true, false), await AskAsync(Listener.Rpc));
        Assert.Equal((0, 0, 1), (_limit.Open(Listener.Http), _limit.Open(Listener.Rpc), _limit.Refused(Listener.Rpc)));
    }

    /// <summary>Not a part of the caller, whose variables would hold what is served for as long as it runs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ServeWithoutEnd(int count)
    {
        var serve = _limit.Before(Listener.Rpc, static _ => new TaskCompletionSource().Task);
        for (var i = 0; i < count; i++)
        {
            _ = serve(new DefaultConnectionContext());
        }

        Assert.Equal(count, _limit.Open(Listener.Rpc));
    }

    /// <summary>Whether a connection that comes now is served, and whether it is aborted.</summary>
    private async Task<(bool IsServed, bool IsAborted)> AskAsync(Listener listener)
    {
        var isServed = false;
        var connection = new AbortedConnection();
        await _limit.Before(listener, _ =>
        {
            isServed = true;
            return Task.CompletedTask;
        })(connection);
        return (isServed, connection.IsAborted);
    }

    private static ServerOptions Options(string flag)
    {
        var files = new MockFileSystem();
        files.AddDirectory("/models");
        var options = ServerOptionsReader.Read(new ConfigurationBuilder().Build(), CommandLine.Parse([flag]), "/models", files, [], out var errors);
        Assert.Empty(errors);
        return options;
    }

    private sealed class AbortedConnection : DefaultConnectionContext
    {
        public bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason)
        {
            IsAborted = true;
            base.Abort(abortReason);
        }
    }
}
