using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Scheduling;

/// <summary>A client that asks and may hang up before it is answered.</summary>
internal sealed class LeavingClient
{
    private readonly Func<Task> _leave;

    private LeavingClient(Func<Task> leave) => _leave = leave;

    /// <summary>Asks over a socket of its own, which leaving closes.</summary>
    public static async Task<LeavingClient> OverSocketAsync(RunningServer server, string path, string json)
    {
        var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
        await connection.WriteAsync($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {json.Length}\r\n\r\n{json}");
        return new LeavingClient(() =>
        {
            connection.Dispose();
            return Task.CompletedTask;
        });
    }

    /// <summary>Asks by a call, which leaving cancels.</summary>
    public static LeavingClient OverRpc(RunningServer server, ModelInferRequest request)
    {
        var leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var call = server.Rpc.ModelInferAsync(request, cancellationToken: leaving.Token);
        return new LeavingClient(() => LeaveAsync(leaving, call.ResponseAsync, call));
    }

    /// <summary>Asks by a stream, which leaving cancels.</summary>
    public static async Task<LeavingClient> OverStreamAsync(RunningServer server, ModelInferRequest request)
    {
        var leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var call = server.Rpc.ModelStreamInfer(cancellationToken: leaving.Token);
        await call.RequestStream.WriteAsync(request, leaving.Token);
        return new LeavingClient(() => LeaveAsync(leaving, call.ResponseStream.MoveNext(CancellationToken.None), call));
    }

    public Task LeaveAsync() => _leave();

    private static async Task LeaveAsync(CancellationTokenSource leaving, Task answer, IDisposable call)
    {
        await leaving.CancelAsync();
        try
        {
            // One that was answered in the meantime has its answer.
            await answer;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled)
        {
        }

        call.Dispose();
        leaving.Dispose();
    }
}
