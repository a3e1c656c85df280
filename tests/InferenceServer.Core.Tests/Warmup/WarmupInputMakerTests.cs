using System.IO.Abstractions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Warmup;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Warmup;

public sealed class WarmupInputMakerTests : IDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly TemporaryDirectory _folder = new();

    public void Dispose()
    {
        Assert.Equal(0, _pool.RentedBuffers);
        _pool.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task MakeAsync_ZeroData_IsZeroAlsoInMemoryThatWasUsedBefore()
    {
        using (var used = _pool.Rent(24))
        {
            used.Span.Fill(0xFF);
        }

        using var input = await MakeAsync(TensorDataType.Int64, [3], WarmupContent.Zero);

        Assert.Equal([0, 0, 0], TestTensor.Read<long>(input));
        Assert.Equal(new TensorShape(1, 3), input.Shape);
    }

    [Fact]
    public async Task MakeAsync_ZeroStrings_AreEmptyOnes()
    {
        using var input = await MakeAsync(TensorDataType.Bytes, [2, 2], WarmupContent.Zero, isBatching: false);

        Assert.True(BytesTensor.TryCount(input.Span, out var elements));
        Assert.Equal(4, elements);
        Assert.Equal(16, input.Length);
        Assert.Equal(new TensorShape(2, 2), input.Shape);
    }

    [Theory]
    [InlineData(TensorDataType.Bool)]
    [InlineData(TensorDataType.UInt8)]
    [InlineData(TensorDataType.Int32)]
    [InlineData(TensorDataType.Fp16)]
    [InlineData(TensorDataType.Bf16)]
    [InlineData(TensorDataType.Fp32)]
    [InlineData(TensorDataType.Fp64)]
    public async Task MakeAsync_RandomData_AreValuesOfTheTypeAndTheSameEachTime(TensorDataType type)
    {
        using var input = await MakeAsync(type, [200], WarmupContent.Random);
        using var again = await MakeAsync(type, [200], WarmupContent.Random);

        Assert.True(input.Span.SequenceEqual(again.Span));
        var reals = type switch
        {
            TensorDataType.Bool => TestTensor.Read<byte>(input).Select(static value => (double)value).ToArray(),
            TensorDataType.Fp16 => [.. TestTensor.Read<Half>(input).Select(static value => (double)value)],
            TensorDataType.Bf16 => [.. TestTensor.Read<ushort>(input).Select(static value => (double)BitConverter.Int32BitsToSingle(value << 16))],
            TensorDataType.Fp32 => [.. TestTensor.Read<float>(input).Select(static value => (double)value)],
            TensorDataType.Fp64 => TestTensor.Read<double>(input),
            _ => [0, 1],
        };
        Assert.All(reals, static value => Assert.InRange(value, 0, 1));
        Assert.True(input.Span.ToArray().Distinct().Count() > 1);
        Assert.True(reals.Distinct().Count() > 1);
    }

    [Fact]
    public async Task MakeAsync_File_IsWhatItHolds()
    {
        _folder.Write("warmup/row", [1, 0, 0, 0, 2, 0, 0, 0]);

        using var input = await MakeAsync(TensorDataType.Int32, [2], WarmupContent.File, "row");

        Assert.Equal([1, 2], TestTensor.Read<int>(input));
    }

    [Fact]
    public async Task MakeAsync_FileOfStrings_IsWhatItHolds()
    {
        _folder.Write("warmup/words", [2, 0, 0, 0, .. "hi"u8, 0, 0, 0, 0]);

        using var input = await MakeAsync(TensorDataType.Bytes, [2], WarmupContent.File, "words");

        Assert.Equal(10, input.Length);
    }

    [Theory]
    [InlineData(TensorDataType.Int32, new byte[] { 1, 2, 3 }, "input 'X': 'row' has 3 bytes, expected 8 for one row of shape [2] and type INT32")]
    [InlineData(TensorDataType.Int32, new byte[] { }, "input 'X': 'row' has 0 bytes, expected 8 for one row of shape [2] and type INT32")]
    [InlineData(TensorDataType.Bytes, new byte[] { 9, 0, 0, 0, 1 }, "input 'X': 'row' does not hold 2 strings, each with its length in 4 bytes in front")]
    [InlineData(TensorDataType.Bytes, new byte[] { 0, 0, 0, 0 }, "input 'X': 'row' does not hold 2 strings, each with its length in 4 bytes in front")]
    [InlineData(TensorDataType.Int32, null, "input 'X': 'row' is not in the folder warmup of the model")]
    public async Task MakeAsync_FileThatDoesNotFit_SaysWhatWasExpected(TensorDataType type, byte[]? content, string message)
    {
        if (content is not null)
        {
            _folder.Write("warmup/row", content);
        }

        var error = await Assert.ThrowsAsync<BackendException>(() => MakeAsync(type, [2], WarmupContent.File, "row"));

        Assert.Equal(message, error.Message);
    }

    [Theory]
    [InlineData(new[] { long.MaxValue, 2L })]
    [InlineData(new[] { 1L << 40 })]
    public async Task MakeAsync_MoreThanMemoryHolds_IsRefused(long[] dims) =>
        await Assert.ThrowsAsync<BackendException>(() => MakeAsync(TensorDataType.Fp32, dims, WarmupContent.Zero));

    private Task<TensorView> MakeAsync(TensorDataType type, long[] dims, WarmupContent content, string file = "", bool isBatching = true) =>
        new WarmupInputMaker(new FileSystem(), _pool).MakeAsync(
            _folder.FullPath, new WarmupInput("X", type, new TensorShape(dims), content, file), isBatching, TestContext.Current.CancellationToken);
}
