using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Protocols.KServe.Tests.Http;

namespace InferenceServer.Protocols.KServe.Tests.Generate;

/// <summary>Models that answer with their input, as often as they are made for.</summary>
internal static class Decoupled
{
    public static EchoModel Model(int responses, InferenceError? end = null, TensorDataType type = TensorDataType.Int32)
    {
        var model = new EchoModel(EchoModel.Config("decoupled", 0, ("IN", "OUT", type, [-1])) with { IsDecoupled = true });
        model.Scheduler.Script = pending => Task.Factory.StartNew(() => Answer(model.Scheduler, pending, responses, end), TaskCreationOptions.LongRunning);
        return model;
    }

    /// <summary>Sends from a thread of its own, which waits where the reader is slow, as a lane does.</summary>
    private static void Answer(EchoScheduler scheduler, PendingInference pending, int responses, InferenceError? end)
    {
        var request = pending.Request;
        using var gone = new CancellationTokenSource();
        pending.WatchClient(
            state =>
            {
                scheduler.Abandoned.TrySetResult();
                ((CancellationTokenSource)state!).Cancel();
            },
            gone,
            TimeProvider.System);
        var sent = 0;
        for (; sent < responses; sent++)
        {
            var input = request.Inputs[0];
            var response = new InferenceResponse(request.Id, request.Lease.Share(), [new TensorView("OUT", input.DataType, input.Shape, input.Buffer.Acquire())], null, isFinal: false);
            if (pending.Stream!.Write(request, response, gone.Token) is { } error)
            {
                response.Dispose();
                end = error;
                break;
            }

            scheduler.Sent = sent + 1;
        }

        if (end is null)
        {
            pending.EndStream();
        }
        else
        {
            pending.Fail(end);
        }
    }
}
