using CsCheck;
using InferenceServer.Abstractions.Tensors;
using Xunit;

namespace InferenceServer.Abstractions.Tests.Tensors;

public sealed class BytesTensorTests
{
    [Fact]
    public void WrittenElements_AreReadBack() =>
        Gen.Byte.Array[0, 20].Array[0, 20].Sample(elements =>
        {
            var data = new byte[elements.Sum(static element => element.Length + BytesTensor.PrefixSize)];
            var written = 0;
            foreach (var element in elements)
            {
                written += BytesTensor.Write(data.AsSpan(written), element);
            }

            Assert.Equal(data.Length, written);
            Assert.True(BytesTensor.TryCount(data, out var count));
            Assert.Equal(elements.Length, count);
            ReadOnlySpan<byte> rest = data;
            for (var i = 0; i < elements.Length; i++)
            {
                Assert.Equal(data.Length - rest.Length, BytesTensor.MeasurePrefix(data, i));
                Assert.True(BytesTensor.TryReadNext(ref rest, out var element));
                Assert.Equal(elements[i], element.ToArray());
            }
        });

    [Fact]
    public void RandomBytes_NeverThrowAndNeverReadBeyondTheEnd() =>
        Gen.Byte.Array[0, 64].Sample(data =>
        {
            var isWhole = BytesTensor.TryCount(data, out var count);
            Assert.InRange(count, 0, data.Length / BytesTensor.PrefixSize);
            Assert.True(isWhole || data.Length > 0);
        });

    [Theory]
    [InlineData(new byte[] { 1, 0, 0 })]
    [InlineData(new byte[] { 2, 0, 0, 0, 65 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 65, 65 })]
    public void CutElement_IsRefused(byte[] data) => Assert.False(BytesTensor.TryCount(data, out _));
}
