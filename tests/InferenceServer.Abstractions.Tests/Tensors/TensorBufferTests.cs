using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;
using Xunit;

namespace InferenceServer.Abstractions.Tests.Tensors;

public sealed class TensorBufferTests
{
    [Fact]
    public void Adopted_IsFreedByItsLastOwnerOnly()
    {
        using var owner = new Owner();
        var buffer = TensorBuffer.Adopt(owner.Memory, 16, owner);
        buffer.Acquire();
        buffer.Dispose();
        Assert.Equal(0, owner.Frees);
        buffer.Span[15] = 1;
        buffer.Dispose();
        Assert.Equal(1, owner.Frees);
    }

    [Fact]
    public void Freed_CannotBeReadOrAcquired()
    {
        using var owner = new Owner();
        var buffer = TensorBuffer.Adopt(owner.Memory, 16, owner);
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Acquire());
    }

    [Theory]
    [InlineData(0, 17)]
    [InlineData(16, 1)]
    [InlineData(-1, 1)]
    [InlineData(long.MaxValue, 1)]
    public void Slice_OutsideOfTheBuffer_IsRefused(long offset, int length)
    {
        using var owner = new Owner();
        using var buffer = TensorBuffer.Adopt(owner.Memory, 16, owner);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Slice(offset, length).Length);
    }

    [Fact]
    public void View_BeyondItsBuffer_IsRefused()
    {
        using var owner = new Owner();
        using var buffer = TensorBuffer.Adopt(owner.Memory, 16, owner);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TensorView("x", TensorDataType.UInt8, new TensorShape(9), buffer, 8, 9));
    }

    private sealed class Owner : IDisposable
    {
        public nint Memory { get; } = Marshal.AllocHGlobal(16);

        public int Frees { get; private set; }

        public void Dispose()
        {
            Frees++;
            if (Frees == 2)
            {
                Marshal.FreeHGlobal(Memory);
            }
        }
    }
}
