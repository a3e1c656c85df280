using System.Buffers;
using InferenceServer.Core.Memory;
using InferenceServer.Microbenchmarks.Binary;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Protocols.KServe.Rpc.Plain;

namespace InferenceServer.Microbenchmarks.Messages;

/// <summary>A message as nearly all clients send it, read where it lies; its elements into tensor memory.</summary>
internal sealed class PlainReadStage(byte[] message) : IStage, IDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly ReplayedBody _body = new(message);

    public void Run()
    {
        using var plain = PlainMessage.Rent();
        if (!PlainMessageReader.TryRead(_body.Whole, plain))
        {
            throw new InvalidOperationException("the message is not a plain one");
        }

        if (plain.IsTyped && !TypedElements.TryTake(_body.Whole, plain, _pool))
        {
            throw new InvalidOperationException("the elements are not what the shape says");
        }

        foreach (var (offset, length) in plain.Contents)
        {
            using var buffer = _pool.Rent(length);
            _body.Whole.Slice(offset, length).CopyTo(buffer.Span);
        }
    }

    public void Dispose() => _pool.Dispose();
}
