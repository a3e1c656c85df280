using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Reliability;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Clients that go away at every point of a request, thousands of times: no instance waits for them, and nothing of theirs is left.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class LeavingClientsTests(BesiegedServer server)
{
    private const int Points = 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clients_ThatLeaveAtAnyPoint_LeaveNothingBehind()
    {
        var request = Encoding.ASCII.GetBytes($"POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {BesiegedServer.Good.Length}\r\n\r\n{BesiegedServer.Good}");
        var count = Stress.IsLong ? 10_000 : 1_000;
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, async (number, token) =>
        {
            var point = number % Points;
            if (point >= 16)
            {
                await LeaveCallAsync(point, number);
                return;
            }

            using var client = new TcpClient();
            await client.ConnectAsync(server.HttpAddress.Host, server.HttpAddress.Port, token);
            var stream = client.GetStream();

            // The first points are places in the request; then the answer is awaited, or begun to be read.
            await stream.WriteAsync(request.AsMemory(0, Math.Min(request.Length, request.Length * (point + 1) / 13)), token);
            if (point == 13)
            {
                await Task.Delay(number % 7, token);
            }
            else if (point == 14)
            {
                await stream.ReadExactlyAsync(new byte[1], token);
            }
            else if (point == 15)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }

            if (number % 2 == 0)
            {
                client.Client.LingerState = new LingerOption(true, 0);
            }
        });
        await server.StandsWithItsMemoryAsync();
    }

    /// <summary>Calls and streams that are cancelled before, while and after they are answered, of a model that takes its time too.</summary>
    private async Task LeaveCallAsync(int point, int number)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var message = new ModelInferRequest { ModelName = number % 40 == 19 ? "slow" : "echo_UINT8", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "UINT8", Shape = { 4 } } }, RawInputContents = { Google.Protobuf.ByteString.CopyFrom(1, 2, 3, 4) } };
        leaving.CancelAfter(TimeSpan.FromMilliseconds(number % 11));
        try
        {
            if (point < 18)
            {
                await server.Rpc.ModelInferAsync(message, cancellationToken: leaving.Token);
            }
            else
            {
                using var stream = server.Rpc.ModelStreamInfer(cancellationToken: leaving.Token);
                for (var i = 0; i < 4; i++)
                {
                    await stream.RequestStream.WriteAsync(message, leaving.Token);
                }

                await stream.ResponseStream.MoveNext(leaving.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            // It has left.
        }
    }
}
