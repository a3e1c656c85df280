using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using Call = Grpc.Core.AsyncDuplexStreamingCall<Inference.ModelInferRequest, Inference.ModelStreamInferResponse>;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>Asks over gRPC, all questions on one stream, without waiting for the answers to those before.</summary>
internal sealed class DecoupledOverRpc(GRPCInferenceService.GRPCInferenceServiceClient client) : IDecoupledDoor
{
    public bool TellsFinal => true;

    public async Task<DecoupledAnswer[]> AskAsync(DecoupledItem[] items, int? leavesAfter, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answers = items.Select(static _ => new DecoupledAnswer()).ToArray();
        using var call = client.ModelStreamInfer(cancellationToken: leaving.Token);
        var reading = ReadAsync(call, items, answers, leavesAfter, leaving);
        try
        {
            foreach (var item in items)
            {
                await call.RequestStream.WriteAsync(Message(item), cancellationToken);
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException or InvalidOperationException && leaving.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The client left while it wrote.
        }

        await reading;
        return answers;
    }

    private static async Task ReadAsync(Call call, DecoupledItem[] items, DecoupledAnswer[] answers, int? leavesAfter, CancellationTokenSource leaving)
    {
        var places = items.Select(static (item, place) => (item.Id, place)).ToDictionary();
        for (var read = 0; leavesAfter is null || read < leavesAfter; read++)
        {
            if (!await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                Array.ForEach(answers, static answer => answer.End());
                return;
            }

            var message = call.ResponseStream.Current;
            var place = places[message.InferResponse.Id];
            if (message.ErrorMessage.Length > 0)
            {
                answers[place].Fail(message.ErrorMessage);
                continue;
            }

            var response = message.InferResponse;
            answers[place].Add(response.ModelName, items[place], response.Outputs.Count == 0 ? null : Piece(response), response.Parameters["triton_final_response"].BoolParam);
        }

        Array.ForEach(answers, static answer => answer.Leave());
        await leaving.CancelAsync();
    }

    private static ModelInferRequest Message(DecoupledItem item)
    {
        var request = new ModelInferRequest { ModelName = item.Model, Id = item.Id };
        Add(request, "IN", "INT32", MemoryMarshal.AsBytes(item.Values.AsSpan()), item.Values.Length);
        if (item.Delays is { } delays)
        {
            Add(request, "DELAY", "UINT32", MemoryMarshal.AsBytes(delays.AsSpan()), delays.Length);
            Add(request, "WAIT", "UINT32", new byte[sizeof(uint)], 1);
        }

        if (item.WantsEmptyFinal)
        {
            request.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
        }

        return request;
    }

    private static void Add(ModelInferRequest request, string name, string type, ReadOnlySpan<byte> raw, int length)
    {
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = type, Shape = { length } });
        request.RawInputContents.Add(ByteString.CopyFrom(raw));
    }

    private static DecoupledPiece Piece(ModelInferResponse response)
    {
        int? value = null, place = null;
        for (var i = 0; i < response.Outputs.Count; i++)
        {
            var number = MemoryMarshal.Read<int>(response.RawOutputContents[i].Span);
            _ = response.Outputs[i].Name == "OUT" ? value = number : place = number;
        }

        return new DecoupledPiece(value!.Value, place);
    }
}
