using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Memory;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// Reads plain messages out of the bodies of calls: a small one where the transport has it, as soon as it has all of it; the contents of a large one straight into the memory of their tensors as they come, so
/// that there is never more of it in the transport than its window.
/// </summary>
/// <param name="allocator">Where the memory for the contents of large messages comes from.</param>
/// <param name="options">How large messages may be, and from where on one is large.</param>
internal sealed class PlainBodyReader(ITensorAllocator allocator, KServeRpcOptions options)
{
    private const int FrameHead = Memory.FrameHead.Size;

    /// <summary>The longest that the names and shapes of a large message are looked for in: they are looked at once, and kept until the message has come.</summary>
    private const int LongestHead = 64 << 10;

    private readonly int _window = Math.Min(LongestHead, options.LargeMessageBytes);

    /// <summary>Reads the message, if it is a plain one. Of every other, nothing has been taken, or <see cref="PlainMessage.Restored"/> is the body to go on with. A plain one without memory for it has a <see cref="PlainMessage.Shortage"/>, and not all of it has come.</summary>
    public async ValueTask<ReadingOutcome> ReadAsync(PipeReader body, PlainMessage message)
    {
        var examined = 0L;
        var isJudged = false;
        try
        {
            while (true)
            {
                var read = await body.ReadAsync().ConfigureAwait(false);
                var buffer = read.Buffer;
                var length = LengthOf(buffer);
                if (length >= RequestMemoryGate.SmallestBytes && length <= options.MaxReceiveMessageBytes && await HasNoRoomAsync(body, buffer, examined, length, message).ConfigureAwait(false))
                {
                    return message.Shortage is null ? ReadingOutcome.Gone : ReadingOutcome.Plain;
                }

                if (read.IsCompleted && length == buffer.Length - FrameHead && length <= options.MaxReceiveMessageBytes && TryRead(buffer.Slice(FrameHead), message))
                {
                    if (message.IsTyped)
                    {
                        body.AdvanceTo(buffer.End);
                        return ReadingOutcome.Plain;
                    }

                    message.Bytes = buffer.Slice(FrameHead);
                    return ReadingOutcome.Plain;
                }

                if (read.IsCompleted || read.IsCanceled || length < 0 || length > options.MaxReceiveMessageBytes || buffer.Length > FrameHead + length)
                {
                    // What has been looked at cannot be unseen: the web server counts it for the flow control of HTTP/2.
                    body.AdvanceTo(buffer.Start, buffer.GetPosition(examined));
                    message.Clear();
                    return ReadingOutcome.Other;
                }

                if (!isJudged && length >= options.LargeMessageBytes && buffer.Length >= _window)
                {
                    isJudged = true;
                    if (TryBegin(buffer, length, message, out var contents))
                    {
                        return await TakeAsync(body, read, examined, message, contents).ConfigureAwait(false);
                    }

                    if (message.Shortage is not null)
                    {
                        body.AdvanceTo(buffer.Start, buffer.End);
                        return ReadingOutcome.Plain;
                    }
                }

                body.AdvanceTo(buffer.Start, buffer.End);
                examined = buffer.Length;
            }
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            return ReadingOutcome.Gone;
        }
    }

    /// <summary>Reads a message that is there as a whole. Typed elements are in their tensors afterwards, or there is a shortage.</summary>
    private bool TryRead(in ReadOnlySequence<byte> bytes, PlainMessage message)
    {
        try
        {
            return PlainMessageReader.TryRead(bytes, message) && (!message.IsTyped || TypedElements.TryTake(bytes, message, allocator));
        }
        catch (BackendException exception)
        {
            message.Shortage = new InferenceError(exception.Code, exception.Message);
            return true;
        }
    }

    /// <summary>Waits for the room of a message, if it is one that has to. Its bytes stay where they are.</summary>
    /// <returns>True when it gets none, or its client has gone: nothing of the body has been taken, and the transport has it back.</returns>
    private static async ValueTask<bool> HasNoRoomAsync(PipeReader body, ReadOnlySequence<byte> buffer, long examined, long length, PlainMessage message)
    {
        try
        {
            if (await message.Room.GrowToAsync(length).ConfigureAwait(false) is not { } refusal)
            {
                return false;
            }

            // The log is to say for which model.
            PlainMessageReader.TryReadHead(buffer.Slice(FrameHead), length, message, out _);
            message.Shortage = refusal;
        }
        catch (OperationCanceledException)
        {
            // The client has gone: there is nobody to answer.
        }

        body.AdvanceTo(buffer.Start, buffer.GetPosition(examined));
        return true;
    }

    /// <summary>How long the message is that a frame begins; -1 for one that is compressed, and 0 while it cannot be told.</summary>
    private static long LengthOf(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < FrameHead)
        {
            return 0;
        }

        Span<byte> head = stackalloc byte[FrameHead];
        buffer.Slice(0, FrameHead).CopyTo(head);
        return head[0] == 0 ? BinaryPrimitives.ReadUInt32BigEndian(head[1..]) : -1;
    }

    /// <summary>
    /// Rents the memory of all inputs, if the head of the message is there and what it says is coming fits the length of the message, which is within the limit. Nothing of the body is taken.
    /// </summary>
    private bool TryBegin(in ReadOnlySequence<byte> buffer, long length, PlainMessage message, out ArrivingContents contents)
    {
        contents = null!;
        var start = buffer.Slice(FrameHead, Math.Min(buffer.Length - FrameHead, LongestHead));
        if (!PlainMessageReader.TryReadHead(start, length, message, out var head))
        {
            message.Clear();
            return false;
        }

        try
        {
            message.RentTensors(allocator);
        }
        catch (BackendException exception)
        {
            message.Shortage = new InferenceError(exception.Code, exception.Message);
            return false;
        }

        contents = new ArrivingContents(message, buffer.Slice(0, FrameHead + head).ToArray());
        return true;
    }

    /// <summary>Takes the contents as they come. A message that turns out to be another than its head had it goes to the library as it came.</summary>
    private static async ValueTask<ReadingOutcome> TakeAsync(PipeReader body, ReadResult read, long examined, PlainMessage message, ArrivingContents contents)
    {
        while (true)
        {
            var buffer = read.Buffer;
            var isAsSaid = contents.TryTake(buffer, out var taken);
            var left = buffer.Slice(taken).Length;
            if (read.IsCompleted && contents.IsComplete && left == 0)
            {
                body.AdvanceTo(taken);
                return ReadingOutcome.Plain;
            }

            if (!isAsSaid || read.IsCompleted || read.IsCanceled || (contents.IsComplete && left > 0))
            {
                body.AdvanceTo(taken, buffer.GetPosition(Math.Max(examined, buffer.Length - left)));
                var restored = contents.Restore(body);
                message.Clear();
                message.Restored = restored;
                return ReadingOutcome.Other;
            }

            body.AdvanceTo(taken, buffer.End);
            examined = left;
            read = await body.ReadAsync().ConfigureAwait(false);
        }
    }
}
