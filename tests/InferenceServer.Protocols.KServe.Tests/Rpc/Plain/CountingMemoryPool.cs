using System.Buffers;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

/// <summary>The memory of a transport: remembers how much of it was in use at the most.</summary>
internal sealed class CountingMemoryPool : MemoryPool<byte>
{
    private const int BlockBytes = 4096;

    private long _used;
    private long _most;

    public override int MaxBufferSize => BlockBytes;

    /// <summary>The most bytes that were out at any time.</summary>
    public long Most => Volatile.Read(ref _most);

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        var used = Interlocked.Add(ref _used, BlockBytes);
        for (var most = Most; used > most && Interlocked.CompareExchange(ref _most, used, most) != most; most = Most)
        {
            // Somebody else has written a number meanwhile, maybe a lower one.
        }

        return new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Block(CountingMemoryPool pool) : IMemoryOwner<byte>
    {
        private bool _isOut = true;

        public Memory<byte> Memory { get; } = new byte[BlockBytes];

        public void Dispose()
        {
            if (_isOut)
            {
                _isOut = false;
                Interlocked.Add(ref pool._used, -BlockBytes);
            }
        }
    }
}
