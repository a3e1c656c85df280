using System.Buffers;
using System.IO.Pipelines;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

public sealed class PooledTextTests
{
    private readonly CountingAllocator _allocator = new();

    [Theory]
    [InlineData(1)]
    [InlineData(777)]
    [InlineData(200_000)]
    public async Task Text_OfAnySize_ComesOutAsItWasWritten_AndItsMemoryGoesBack(int piece)
    {
        var expected = new byte[3_000_000];
        new Random(1).NextBytes(expected);
        foreach (var length in (int[])[0, 1, 4096, 4097, 70_000, 131_073, expected.Length])
        {
            using (var text = PooledText.Rent(_allocator))
            {
                Write(text, expected.AsSpan(0, length), piece);
                Assert.Equal(length, text.Length);
                Assert.Equal(expected[..length], text.ToArray());
                var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
                await text.CopyToAsync(pipe.Writer, TestContext.Current.CancellationToken);
                await pipe.Writer.CompleteAsync();
                using var all = new MemoryStream();
                await pipe.Reader.CopyToAsync(all, TestContext.Current.CancellationToken);
                Assert.Equal(expected[..length], all.ToArray());
            }

            Assert.Equal(0, _allocator.Rented);
        }
    }

    /// <summary>Small ones cost nothing but an array; of large ones the heap of large objects sees nothing.</summary>
    [Theory]
    [InlineData(4096, 0)]
    [InlineData(64 << 10, 0)]
    [InlineData(1 << 20, 512 << 10)]
    [InlineData(20 << 20, 1 << 20)]
    public void Text_ThatBecomesLarge_IsInTensorMemory(int length, int largest)
    {
        using var text = PooledText.Rent(_allocator);
        Write(text, new byte[length], 4000);
        Assert.InRange(_allocator.Largest, largest, 1 << 20);
        Assert.Equal(largest > 0, _allocator.Largest > 0);
    }

    [Fact]
    public void Memory_BehindTensorMemory_IsAnArrays()
    {
        using var text = PooledText.Rent(_allocator);
        Write(text, new byte[500_000], 5000);
        var room = text.GetMemory(10);
        room.Span[..3].Fill(7);
        text.Advance(3);
        text.Write((ReadOnlySpan<byte>)[8]);
        Assert.Equal([0, 7, 7, 7, 8], text.ToArray()[^5..]);
    }

    [Fact]
    public void MemoryThatIsNotToBeHad_LeavesWhatIsThere()
    {
        using (var text = PooledText.Rent(_allocator))
        {
            Write(text, new byte[200_000], 5000);
            _allocator.Renting = static () => throw new BackendException(ErrorCode.ResourceExhausted, "none");
            Assert.Throws<BackendException>(() => Write(text, new byte[1_000_000], 5000));
            Assert.InRange(text.Length, 200_000, 1_000_000);
        }

        _allocator.Renting = null;
        Assert.Equal(0, _allocator.Rented);
    }

    private static void Write(PooledText text, ReadOnlySpan<byte> bytes, int piece)
    {
        for (; bytes.Length > 0; bytes = bytes[Math.Min(piece, bytes.Length)..])
        {
            text.Write(bytes[..Math.Min(piece, bytes.Length)]);
        }
    }
}
