using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.SharedMemory;

public sealed class AccessTests
{
    private static readonly long s_page = Environment.SystemPageSize;

    [Fact]
    public void Part_OfARegionWithAnOffset_IsReadAndWrittenThere()
    {
        using var test = new SharedMemoryTest();
        test.File.Write([1, 2, 3, 4], s_page + 10);
        test.Register("r", (ulong)s_page, 100);
        Assert.Equal([1, 2, 3, 4], test.Read("r", 10, 4));
        Assert.Empty(test.Read("r", 99, 0));

        using var claim = test.Claim("r", 20, 8);
        using var tensor = TestTensor.Of<byte>(test.Pool, "T", TensorDataType.UInt8, new TensorShape(3), [7, 8, 9]);
        Assert.Null(claim.Write(tensor));
        Assert.Equal([7, 8, 9, 0], test.File.Read(s_page + 20, 4));
    }

    [Theory]
    [InlineData("nowhere", 0, 1, ErrorCode.NotFound, "Unable to find shared memory region: 'nowhere'")]
    [InlineData("r", 100, 0, ErrorCode.InvalidArgument, "Invalid offset for shared memory region: 'r'")]
    [InlineData("r", 100, 1, ErrorCode.InvalidArgument, "Invalid offset for shared memory region: 'r'")]
    [InlineData("r", long.MaxValue, long.MaxValue, ErrorCode.InvalidArgument, "Invalid offset for shared memory region: 'r'")]
    [InlineData("r", 99, 2, ErrorCode.InvalidArgument, "Invalid offset + byte size for shared memory region: 'r'")]
    [InlineData("r", 0, 101, ErrorCode.InvalidArgument, "Invalid offset + byte size for shared memory region: 'r'")]
    [InlineData("r", 1, long.MaxValue, ErrorCode.InvalidArgument, "Invalid offset + byte size for shared memory region: 'r'")]
    public void Part_ThatIsNotWithinARegion_IsRefused(string region, long offset, long byteSize, ErrorCode code, string message)
    {
        using var test = new SharedMemoryTest();
        test.Register("r", 0, 100);
        var error = test.ReadError(region, offset, byteSize);
        Assert.Equal(code, error.Code);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.False(test.Registry.TryClaim(new SharedMemoryRange(region, offset, byteSize), out var claim, out error));
        Assert.Null(claim);
        Assert.Equal(code, error.Code);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);

        // Nobody has been left an owner.
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, ""));
        Assert.Equal(0, test.OpenDescriptors);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(99)]
    public void Object_ShortenedAfterRegistration_IsAnErrorAndStaysShort(long length)
    {
        using var test = new SharedMemoryTest();
        test.Register("r");
        using var claim = test.Claim("r", 0, 100);
        test.File.Length = length;
        var read = test.ReadError("r", 0, 100);
        Assert.Equal(ErrorCode.InvalidArgument, read.Code);
        Assert.Contains("'r'", read.Message, StringComparison.Ordinal);
        Assert.Contains("shortened", read.Message, StringComparison.Ordinal);

        using var tensor = TestTensor.Of<byte>(test.Pool, "T", TensorDataType.UInt8, new TensorShape(100), new byte[100]);
        var write = claim.Write(tensor);
        Assert.Equal(ErrorCode.InvalidArgument, write!.Code);
        Assert.Contains("shortened", write.Message, StringComparison.Ordinal);
        Assert.Equal(length, test.File.Length);

        // Long again, it is usable again.
        test.File.Length = 100;
        Assert.Equal(new byte[100], test.Read("r", 0, 100));
        Assert.Null(claim.Write(tensor));
    }

    [Fact]
    public void Object_ShortenedAndGrownAllTheTime_IsReadOrRefused()
    {
        using var test = new SharedMemoryTest();
        test.Register("r");
        using var claim = test.Claim("r", 0, 3 * s_page);
        using var tensor = TestTensor.Of<byte>(test.Pool, "T", TensorDataType.UInt8, new TensorShape(3 * s_page), new byte[3 * s_page]);
        var isOver = false;
        var client = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                test.File.Length = 0;
                test.File.Length = 3 * s_page;
            }
        });
        client.Start();
        for (var i = 0; i < 500; i++)
        {
            var hasRead = test.Registry.TryRead(new SharedMemoryRange("r", 0, 3 * s_page), test.Pool, out var buffer, out var error);
            buffer?.Dispose();
            Assert.True(hasRead || error!.Code == ErrorCode.InvalidArgument);
            Assert.True((claim.Write(tensor)?.Code ?? ErrorCode.InvalidArgument) == ErrorCode.InvalidArgument);
        }

        Volatile.Write(ref isOver, true);
        client.Join();
    }

    [Fact]
    public void Object_RemovedByItsClient_StaysUsable()
    {
        using var test = new SharedMemoryTest();
        test.File.Write([5]);
        test.Register("r");
        File.Delete(test.File.FullPath);
        Assert.Equal([5], test.Read("r", 0, 1));
    }

    [Fact]
    public void Region_UnregisteredWhileClaimed_IsLetGoWithTheLastClaim()
    {
        using var test = new SharedMemoryTest();
        test.Register("r");
        var first = test.Claim("r", 0, 4);
        var second = test.Claim("r", 4, 4);
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, "r"));
        Assert.Equal(ErrorCode.NotFound, test.ReadError("r", 0, 1).Code);
        Assert.Equal(1, test.OpenDescriptors);

        // The name is free, and another region of it is another region.
        test.Register("r", (ulong)s_page);
        Assert.Equal(2, test.OpenDescriptors);
        using (var tensor = TestTensor.Of<byte>(test.Pool, "T", TensorDataType.UInt8, new TensorShape(2), [1, 2]))
        {
            Assert.Null(first.Write(tensor));
            Assert.Equal([1, 2], test.File.Read(0, 2));
            first.Dispose();
            first.Dispose();
            Assert.Null(second.Write(tensor));
            Assert.Equal([1, 2, 0, 0, 1, 2], test.File.Read(0, 6));
        }

        second.Dispose();
        Assert.Equal(1, test.OpenDescriptors);
    }

    [Fact]
    public void Claim_OfATensorThatIsTooLong_IsAFaultOfTheCaller()
    {
        using var test = new SharedMemoryTest();
        test.Register("r");
        using var claim = test.Claim("r", 0, 4);
        using var tensor = TestTensor.Of<byte>(test.Pool, "T", TensorDataType.UInt8, new TensorShape(5), new byte[5]);
        Assert.Throws<ArgumentOutOfRangeException>(() => claim.Write(tensor));
        claim.Dispose();
        Assert.Throws<ObjectDisposedException>(() => claim.Write(tensor));
    }

    [Fact]
    public void Readers_WhileRegionsComeAndGo_ReadTheRegionOrFindNone()
    {
        using var test = new SharedMemoryTest();
        test.File.Write([42]);
        Parallel.Invoke(
            () =>
            {
                for (var i = 0; i < 500; i++)
                {
                    test.Register("r");
                    Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, "r"));
                }
            },
            () =>
            {
                for (var i = 0; i < 2000; i++)
                {
                    if (test.Registry.TryRead(new SharedMemoryRange("r", 0, 1), test.Pool, out var buffer, out var error))
                    {
                        using (buffer)
                        {
                            Assert.Equal(42, buffer.Span[0]);
                        }
                    }
                    else
                    {
                        Assert.Equal(ErrorCode.NotFound, error.Code);
                    }
                }
            });
        Assert.Equal(0, test.OpenDescriptors);
    }
}
