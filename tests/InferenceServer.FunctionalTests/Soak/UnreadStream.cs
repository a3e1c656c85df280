using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Opens a stream of gRPC, asks for more responses than the transport takes unread, reads none or some, and vanishes.</summary>
internal sealed class UnreadStream : ISoakActor
{
    private const int Responses = 400;

    public async Task StepAsync(SoakScene scene, Random random)
    {
        if (!scene.Leaves)
        {
            await scene.PauseAsync(100);
            return;
        }

        using var leaving = new CancellationTokenSource();
        using var call = scene.Clients.Rpc.ModelStreamInfer(cancellationToken: leaving.Token);
        var requests = random.Next(1, 9);
        for (var i = 0; i < requests; i++)
        {
            // One that it cannot send any more would be one too many in the books, never one too few.
            var ticket = scene.Books.Open(SoakWay.Rpc, DecoupledRepository.Squared);
            var request = new ModelInferRequest { ModelName = DecoupledRepository.Squared, Id = $"{i}" };
            request.Inputs.Add(StreamTest.Input("IN", [Responses]));
            await call.RequestStream.WriteAsync(request, CancellationToken.None);
            ticket.Cut(SoakEnd.CutLater);
        }

        for (var i = random.Next(0, 3); i > 0; i--)
        {
            if (!await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                scene.Books.Fault("a stream ended before its responses had come");
            }
        }

        await scene.PauseAsync(random.Next(0, 400));
        await leaving.CancelAsync();
        try
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                // What had come before.
            }
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled)
        {
        }
    }
}
