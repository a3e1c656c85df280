using System.Runtime.InteropServices;

namespace InferenceServer.Core.Cuda;

/// <summary>What one process gives to another so that it can open an allocation (<c>CUipcMemHandle</c>): bytes that only the driver understands.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CudaMemoryHandle
{
    public const int Size = 64;

    private fixed byte _reserved[Size];

    /// <param name="bytes">The handle's bytes, of exactly <see cref="Size"/>.</param>
    public static CudaMemoryHandle Of(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size, nameof(bytes));
        CudaMemoryHandle handle;
        bytes.CopyTo(new Span<byte>(handle._reserved, Size));
        return handle;
    }

    public readonly byte[] ToArray()
    {
        fixed (byte* bytes = _reserved)
        {
            return new ReadOnlySpan<byte>(bytes, Size).ToArray();
        }
    }
}
