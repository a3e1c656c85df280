using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace InferenceServer.Host.Tests.Transport;

/// <summary>Memory for connections in blocks of 4096 bytes, as the web server has it, that counts how many are rented.</summary>
internal sealed class CountingPools : IMemoryPoolFactory<byte>
{
    public const int BlockSize = 4096;

    private int _rented;
    private int _most;

    /// <summary>How many blocks are rented.</summary>
    public int Rented => Volatile.Read(ref _rented);

    /// <summary>How many were rented at once at most.</summary>
    public int Most => Volatile.Read(ref _most);

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool(this);

    private void Count(int change)
    {
        var rented = Interlocked.Add(ref _rented, change);
        for (var most = Most; rented > most && Interlocked.CompareExchange(ref _most, rented, most) != most; most = Most)
        {
        }
    }

    private sealed class Pool(CountingPools pools) : MemoryPool<byte>
    {
        public override int MaxBufferSize => BlockSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            Assert.InRange(minBufferSize, -1, BlockSize);
            pools.Count(1);
            return new Block(pools);
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Block(CountingPools pools) : IMemoryOwner<byte>
    {
        private int _isBack;

        public Memory<byte> Memory { get; } = new byte[BlockSize];

        public void Dispose()
        {
            Assert.Equal(0, Interlocked.Exchange(ref _isBack, 1));
            pools.Count(-1);
        }
    }
}
