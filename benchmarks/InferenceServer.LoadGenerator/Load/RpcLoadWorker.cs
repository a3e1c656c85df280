using System.Diagnostics;
using Grpc.Core;
using InferenceServer.LoadGenerator.Rpc;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>Drives one gRPC connection.</summary>
internal sealed class RpcLoadWorker(LoadPoint point) : ILoadWorker
{
    private readonly RpcConnection _connection = RpcConnection.Open(point.Server, point.Timeout);

    public async Task OpenAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(point.Timeout);
        await ExchangeAsync(limit.Token);
    }

    public Task RunAsync(LoadWindow window, WorkerTally tally, CancellationToken cancellation) =>
        Task.Run(() => LoopAsync(window, tally, cancellation), CancellationToken.None);

    public void Dispose() => _connection.Dispose();

    private async Task LoopAsync(LoadWindow window, WorkerTally tally, CancellationToken cancellation)
    {
        // One limit for the whole run: a deadline on every call would put a timer into both ends of each measured request.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), window.To) + point.Timeout);
        while (!cancellation.IsCancellationRequested && !tally.GaveUp)
        {
            var begun = Stopwatch.GetTimestamp();
            if (begun >= window.To)
            {
                return;
            }

            try
            {
                await ExchangeAsync(limit.Token);
                tally.Success(begun, Stopwatch.GetTimestamp());
            }
            catch (RpcException e)
            {
                tally.Failure($"{e.StatusCode}: {e.Status.Detail}");
            }
            catch (InvalidDataException e)
            {
                tally.Failure(e.Message);
            }
        }
    }

    private async Task ExchangeAsync(CancellationToken cancellation)
    {
        var answer = await _connection.ExchangeAsync(point.Request, cancellation);
        if (point.Expected is not null && !answer.AsSpan().SequenceEqual(point.Expected))
        {
            throw new InvalidDataException("an answer differs from the first one, which was checked");
        }
    }
}
