using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using InferenceServer.Protocols.KServe.Rpc;

namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>The five bytes in front of a message of gRPC.</summary>
/// <param name="IsCompressed">Whether the message is compressed.</param>
/// <param name="Length">How many bytes it has as it is sent.</param>
internal readonly record struct FrameHead(bool IsCompressed, long Length)
{
    /// <summary>How many bytes a head has.</summary>
    public const int Size = 5;

    /// <summary>How many times its own size DEFLATE's data can become at most: two bits for 258 bytes.</summary>
    private const int MaxInflation = 1032;

    /// <summary>Waits for the next head and takes nothing of the body.</summary>
    /// <param name="body">The body, of which whole messages have been taken.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when no more messages come, or the body broke off.</returns>
    public static async ValueTask<FrameHead?> PeekAsync(PipeReader body, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
            var head = Of(read.Buffer);

            // What has been looked at cannot be unseen: the rest of the message is not looked at, so that its sender waits.
            body.AdvanceTo(read.Buffer.Start, head is null ? read.Buffer.End : read.Buffer.Start);
            if (head is not null || read.IsCompleted || read.IsCanceled)
            {
                return head;
            }
        }
    }

    /// <summary>The most bytes that the message takes when it has been read.</summary>
    public long MostBytes(KServeRpcOptions options) =>
        IsCompressed ? Math.Max(Length, Math.Min(Length * MaxInflation, Math.Min(options.MaxInflatedBytes, options.MaxReceiveMessageBytes))) : Length;

    /// <summary>Whether the message has to wait for room. One that is over the limit of its size is refused at once, and not read.</summary>
    public bool IsGated(KServeRpcOptions options) => Length <= options.MaxReceiveMessageBytes && MostBytes(options) >= RequestMemoryGate.SmallestBytes;

    private static FrameHead? Of(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < Size)
        {
            return null;
        }

        Span<byte> head = stackalloc byte[Size];
        buffer.Slice(0, Size).CopyTo(head);
        return new FrameHead(head[0] != 0, BinaryPrimitives.ReadUInt32BigEndian(head[1..]));
    }
}
