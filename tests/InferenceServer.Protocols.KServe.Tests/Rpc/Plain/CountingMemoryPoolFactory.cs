using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

/// <summary>Gives all parts of a web server the same pool.</summary>
internal sealed class CountingMemoryPoolFactory : IMemoryPoolFactory<byte>
{
    public CountingMemoryPool Pool { get; } = new();

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => Pool;
}
