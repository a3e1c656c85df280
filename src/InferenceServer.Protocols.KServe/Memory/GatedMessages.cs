using System.Buffers;
using System.IO.Pipelines;
using Grpc.Core;
using Inference;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Rpc.Plain;

namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>The messages of a stream, of which large ones wait for room before they are read. One that is refused is passed over, and the stream goes on.</summary>
/// <param name="messages">The messages, as gRPC's library reads them.</param>
/// <param name="body">What it reads them from.</param>
/// <param name="gate">The memory.</param>
/// <param name="options">How large messages may become.</param>
internal sealed class GatedMessages(IAsyncStreamReader<ModelInferRequest> messages, PipeReader body, RequestMemoryGate gate, KServeRpcOptions options)
{
    /// <summary>Reads the next one.</summary>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    public async Task<ArrivedMessage> ReadAsync(CancellationToken cancellationToken)
    {
        if (gate.Limit == 0 || await FrameHead.PeekAsync(body, cancellationToken).ConfigureAwait(false) is not { } head || !head.IsGated(options))
        {
            return await messages.MoveNext(cancellationToken).ConfigureAwait(false) ? new ArrivedMessage(messages.Current, null, null) : default;
        }

        RequestRoom? room = new();
        try
        {
            room.Open(gate, cancellationToken);
            if (await room.GrowToAsync(head.MostBytes(options)).ConfigureAwait(false) is { } refusal)
            {
                return new ArrivedMessage(await PassOverAsync(head, cancellationToken).ConfigureAwait(false), null, refusal);
            }

            if (await messages.MoveNext(cancellationToken).ConfigureAwait(false))
            {
                var message = messages.Current;
                if (head.IsCompressed)
                {
                    room.ShrinkTo(Math.Max(head.Length, message.CalculateSize()));
                }

                var arrived = new ArrivedMessage(message, room, null);
                room = null;
                return arrived;
            }

            return default;
        }
        finally
        {
            room?.Dispose();
        }
    }

    /// <summary>Takes a message from the body without keeping it, and returns what it is called.</summary>
    private async ValueTask<ModelInferRequest> PassOverAsync(FrameHead head, CancellationToken cancellationToken)
    {
        ModelInferRequest? called = null;
        var left = FrameHead.Size + head.Length;
        while (left > 0)
        {
            var read = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
            called ??= NamesOf(head, read.Buffer);
            var taken = read.Buffer.Slice(0, Math.Min(left, read.Buffer.Length));
            left -= taken.Length;
            var isOver = read.IsCompleted && taken.Length == read.Buffer.Length;
            body.AdvanceTo(taken.End);
            if (isOver)
            {
                break;
            }
        }

        return called ?? new ModelInferRequest();
    }

    /// <summary>The model and the id of a message, which clients write before anything else.</summary>
    private static ModelInferRequest NamesOf(FrameHead head, in ReadOnlySequence<byte> buffer)
    {
        var named = new ModelInferRequest();
        if (head.IsCompressed || buffer.Length <= FrameHead.Size)
        {
            return named;
        }

        var reader = new WireReader(buffer.Slice(FrameHead.Size));
        while (reader.TryReadTag(out var field, out var type) && type == WireReader.Bytes && field <= ModelInferRequest.IdFieldNumber && reader.TryReadName(out var name, comesAgain: false))
        {
            switch ((int)field)
            {
                case ModelInferRequest.ModelNameFieldNumber:
                    named.ModelName = name;
                    break;
                case ModelInferRequest.ModelVersionFieldNumber:
                    named.ModelVersion = name;
                    break;
                default:
                    named.Id = name;
                    break;
            }
        }

        return named;
    }
}
