using CsCheck;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Memory;
using Xunit;

namespace InferenceServer.Core.Tests.Memory;

public sealed class TensorPoolTests
{
    [Fact]
    public void Rent_GivesAlignedMemoryOfTheAskedLength() =>
        Gen.Long[0, 1 << 20].Sample(length =>
        {
            using var pool = new TensorPool(new TensorPoolOptions());
            using var buffer = pool.Rent(length);
            Assert.Equal(length, buffer.Length);
            Assert.Equal(0, buffer.Pointer % 64);
            buffer.Span.Fill(0xA5);
        });

    /// <summary>Whatever the size, and wherever its memory comes from: what is kept is used again, the rest is gone, and all of it can be written.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(128 << 10)]
    public void Rent_OfMappedMemory_IsAsAnyOther(long mappedFrom)
    {
        using var pool = new TensorPool(new TensorPoolOptions { MappedFrom = mappedFrom, LargestPooledBuffer = 1 << 20, RetainedBytes = 1 << 20 });
        foreach (var length in new[] { 0L, 1, 100, (128 << 10) - 1, 128 << 10, (128 << 10) + 1, 1 << 20, (1 << 20) + 1, 3_000_001 })
        {
            var first = pool.Rent(length);
            var second = pool.Rent(length);
            Assert.Equal((length, 0), (second.Length, second.Pointer % 64));
            first.Span.Fill(0xA5);
            second.Span.Fill(0x5A);
            Assert.DoesNotContain((byte)0x5A, first.Span.ToArray());
            first.Dispose();
            second.Dispose();
            Assert.InRange(pool.RetainedBytes, 0, 1 << 20);
        }

        Assert.Equal((0, 0), (pool.RentedBuffers, pool.RentedBytes));
        pool.Trim();
        Assert.Equal(0, pool.RetainedBytes);
    }

    [Fact]
    public void Rent_OfMoreMappedMemoryThanThereIs_SaysSo()
    {
        using var pool = new TensorPool(new TensorPoolOptions { MappedFrom = 1 });
        var failure = Assert.Throws<BackendException>(() => pool.Rent(1L << 55));
        Assert.Equal((ErrorCode.ResourceExhausted, $"there is no memory for a tensor of {1L << 55} bytes"), (failure.Code, failure.Message));
        Assert.Equal((0, 0), (pool.RentedBuffers, pool.RentedBytes));
    }

    [Fact]
    public void Rent_AfterReturn_ReusesTheMemory()
    {
        using var pool = new TensorPool(new TensorPoolOptions());
        var first = pool.Rent(1000);
        var memory = first.Pointer;
        first.Dispose();
        using var second = pool.Rent(900);
        Assert.Equal(memory, second.Pointer);
        Assert.Equal(900, second.Length);
        Assert.Equal(1, second.Count);
    }

    [Fact]
    public void Return_BeyondTheRetainedLimit_FreesAtOnce()
    {
        using var pool = new TensorPool(new TensorPoolOptions { RetainedBytes = 4096 });
        var buffers = Enumerable.Range(0, 10).Select(_ => pool.Rent(1024)).ToArray();
        foreach (var buffer in buffers)
        {
            buffer.Dispose();
        }

        Assert.Equal(4096, pool.RetainedBytes);
        Assert.Equal(0, pool.RentedBuffers);
        Assert.Equal(0, pool.RentedBytes);
    }

    [Fact]
    public void Return_OfALargeBuffer_KeepsNothing()
    {
        using var pool = new TensorPool(new TensorPoolOptions { LargestPooledBuffer = 1 << 16 });
        pool.Rent((1 << 16) + 1).Dispose();
        Assert.Equal(0, pool.RetainedBytes);
    }

    [Fact]
    public void Trim_GivesEverythingBack()
    {
        using var pool = new TensorPool(new TensorPoolOptions());
        pool.Rent(1 << 16).Dispose();
        Assert.NotEqual(0, pool.RetainedBytes);
        pool.Trim();
        Assert.Equal(0, pool.RetainedBytes);
    }

    [Fact]
    public async Task RentAndReturn_FromManyThreads_NeverSharesMemory()
    {
        using var pool = new TensorPool(new TensorPoolOptions());
        await Task.WhenAll(Enumerable.Range(1, 8).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            var held = new Queue<TensorBuffer>();
            for (var i = 0; i < 5000; i++)
            {
                var buffer = pool.Rent(random.Next(1, 3000));
                buffer.Span.Fill((byte)seed);
                held.Enqueue(buffer);
                if (held.Count > 8)
                {
                    using var oldest = held.Dequeue();
                    Assert.Equal(-1, oldest.Span.IndexOfAnyExcept((byte)seed));
                }
            }

            foreach (var buffer in held)
            {
                buffer.Dispose();
            }
        })));
        Assert.Equal(0, pool.RentedBuffers);
    }

    [Fact]
    public void Dispose_WhileRented_FreesOnReturn()
    {
        var pool = new TensorPool(new TensorPoolOptions());
        var buffer = pool.Rent(100);
        pool.Dispose();
        buffer.Span.Fill(1);
        buffer.Dispose();
        Assert.Equal(0, pool.RetainedBytes);
        Assert.Throws<ObjectDisposedException>(() => pool.Rent(1));
    }
}
