using System.Buffers;
using Microsoft.Extensions.ObjectPool;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// A <c>ModelInferRequest</c> of the kind that nearly all clients send: names, shapes and raw contents, and nothing else. The elements stay where the message lies. Rented, and given back by disposing it.
/// </summary>
internal sealed class PlainMessage : IDisposable
{
    private const int MaxKept = 64;
    private const int MaxIdle = 256;

    private static readonly ObjectPool<PlainMessage> s_pool = new DefaultObjectPool<PlainMessage>(new Recycling(), MaxIdle);

    private bool _isRented;

    /// <summary>The message, where the transport has it.</summary>
    public ReadOnlySequence<byte> Bytes { get; set; }

    public string ModelName { get; set; } = "";

    public string ModelVersion { get; set; } = "";

    public string Id { get; set; } = "";

    public List<PlainInput> Inputs { get; } = [];

    /// <summary>The outputs that are wanted, by name; empty for all.</summary>
    public List<string> Outputs { get; } = [];

    /// <summary>Where in the message the elements of each input are.</summary>
    public List<(long Offset, long Length)> Contents { get; } = [];

    public static PlainMessage Rent()
    {
        var message = s_pool.Get();
        message._isRented = true;
        return message;
    }

    public void Dispose()
    {
        if (_isRented)
        {
            _isRented = false;
            s_pool.Return(this);
        }
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        Bytes = default;
        ModelName = ModelVersion = Id = "";
        Inputs.Clear();
        Outputs.Clear();
        Contents.Clear();
    }

    private sealed class Recycling : PooledObjectPolicy<PlainMessage>
    {
        public override PlainMessage Create() => new();

        public override bool Return(PlainMessage message)
        {
            message.Clear();
            return message.Inputs.Capacity <= MaxKept && message.Outputs.Capacity <= MaxKept && message.Contents.Capacity <= MaxKept;
        }
    }
}
