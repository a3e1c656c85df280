using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Inference;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Reliability;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Buffers that an engine works on outside of the runtime's sight, while garbage is collected after every few kilobytes and half of the clients leave: nobody's answer has somebody else's numbers, and the process lives.</summary>
public sealed class EngineMemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_UnderConstantCollections_AnswerRight()
    {
        var count = Stress.IsLong ? 10_000 : 1_000;

        // 64 KiB are a new generation: a collection every few requests, instead of every few thousand.
        using var server = ServerProcess.Start(
            new Dictionary<string, string> { ["DOTNET_GCgen0size"] = "10000", ["DOTNET_gcConcurrent"] = "0" },
            $"--model-repository={SampleServer.Repository}", "--model-control-mode=explicit", "--load-model=add_sub", "--log-info=false",
            "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1");
        await server.WaitForSummaryAsync();
        using var channel = GrpcChannel.ForAddress(server.RpcAddress);
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var (answered, left) = (0, 0);
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Token }, async (i, _) =>
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var rows = 1 + (i % 4);
            var values = new float[16 * rows];
            Array.Fill(values, i);
            var bytes = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
            var request = new ModelInferRequest { ModelName = "add_sub", Inputs = { Tensor("INPUT0", rows), Tensor("INPUT1", rows) }, RawInputContents = { bytes, bytes } };
            if (i % 2 == 0)
            {
                leaving.CancelAfter(TimeSpan.FromMilliseconds(i % 9));
            }

            try
            {
                var answer = await client.ModelInferAsync(request, cancellationToken: leaving.Token);
                Assert.All(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[0].Span).ToArray(), value => Assert.Equal(2f * i, value));
                Interlocked.Increment(ref answered);
            }
            catch (RpcException exception) when (i % 2 == 0 && (exception.StatusCode == StatusCode.Cancelled || (leaving.IsCancellationRequested && exception.Status.DebugException is InvalidOperationException)))
            {
                // The client library itself trips now and then over a call that is cancelled as its answer begins.
                Interlocked.Increment(ref left);
            }
        });
        Assert.Equal(count, answered + left);
        Assert.True(answered >= count / 2, $"{answered} answered");
        using var metrics = new HttpClient { Timeout = TestTimeouts.Phase };
        Assert.True(BesiegedServer.Sum(await metrics.GetStringAsync(server.MetricsAddress, Token), "dotnet_gc_pause_seconds_total") > 0);
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());

        static ModelInferRequest.Types.InferInputTensor Tensor(string name, int rows) => new() { Name = name, Datatype = "FP32", Shape = { rows, 16 } };
    }
}
