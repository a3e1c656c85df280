using System.IO.Abstractions;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Warmup;

/// <summary>Makes the inputs of warm-up requests.</summary>
internal sealed class WarmupInputMaker(IFileSystem files, ITensorAllocator allocator)
{
    /// <summary>The folder of a model that holds the files of its warm-up.</summary>
    public const string Folder = "warmup";

    // The same numbers at every load: what fails once must be able to be looked at again.
    private const int Seed = 1;

    /// <summary>Makes one row of an input; the caller disposes it.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="input">The input, whose file name has been found to stay in the folder.</param>
    /// <param name="isBatching">True when a batch dimension goes in front.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BackendException">The file is missing or unreadable, or does not hold as much as the dimensions say.</exception>
    public async Task<TensorView> MakeAsync(string folder, WarmupInput input, bool isBatching, CancellationToken cancellationToken)
    {
        var shape = isBatching ? input.Dims.Prepend(1) : input.Dims;
        if (!shape.TryGetElementCount(out var elements))
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"input '{input.Name}': the elements of shape {shape} cannot be counted in 63 bits");
        }

        // An empty string is its length in front of nothing.
        var length = elements * (input.DataType == TensorDataType.Bytes ? BytesTensor.PrefixSize : input.DataType.ElementSize());
        if (input.Content == WarmupContent.File)
        {
            var buffer = await ReadAsync(folder, input, length, elements, cancellationToken).ConfigureAwait(false);
            return new TensorView(input.Name, input.DataType, shape, buffer);
        }

        if (length > Array.MaxLength)
        {
            throw new BackendException(ErrorCode.ResourceExhausted, $"input '{input.Name}': {length} bytes, expected at most {Array.MaxLength}");
        }

        var made = allocator.Rent(length);
        var bytes = made.Span;
        bytes.Clear();
        if (input.Content == WarmupContent.Random)
        {
            FillRandomly(bytes, input.DataType);
        }

        return new TensorView(input.Name, input.DataType, shape, made);
    }

    private static void FillRandomly(Span<byte> bytes, TensorDataType type)
    {
        var random = new Random(Seed);
        switch (type)
        {
            case TensorDataType.Bytes:
                break;
            case TensorDataType.Bool:
                foreach (ref var value in bytes)
                {
                    value = (byte)random.Next(2);
                }

                break;
            case TensorDataType.Fp16:
                foreach (ref var value in MemoryMarshal.Cast<byte, Half>(bytes))
                {
                    value = (Half)random.NextSingle();
                }

                break;
            case TensorDataType.Bf16:
                foreach (ref var value in MemoryMarshal.Cast<byte, ushort>(bytes))
                {
                    value = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle()) >> 16);
                }

                break;
            case TensorDataType.Fp32:
                foreach (ref var value in MemoryMarshal.Cast<byte, float>(bytes))
                {
                    value = random.NextSingle();
                }

                break;
            case TensorDataType.Fp64:
                foreach (ref var value in MemoryMarshal.Cast<byte, double>(bytes))
                {
                    value = random.NextDouble();
                }

                break;
            default:
                random.NextBytes(bytes);
                break;
        }
    }

    private async Task<TensorBuffer> ReadAsync(string folder, WarmupInput input, long length, long elements, CancellationToken cancellationToken)
    {
        try
        {
            var path = files.Path.Combine(folder, Folder, input.FileName);
            var stream = files.FileStream.New(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            await using (stream.ConfigureAwait(false))
            {
                return await ReadAsync(stream, input, length, elements, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = exception is FileNotFoundException or DirectoryNotFoundException ? "is not in the folder warmup of the model" : "cannot be read";
            throw new BackendException(ErrorCode.Unavailable, $"input '{input.Name}': '{input.FileName}' {why}", exception);
        }
    }

    private async Task<TensorBuffer> ReadAsync(Stream stream, WarmupInput input, long length, long elements, CancellationToken cancellationToken)
    {
        var isText = input.DataType == TensorDataType.Bytes;
        if (stream.Length > Array.MaxLength || (!isText && stream.Length != length))
        {
            var expected = isText ? $"at most {Array.MaxLength}" : $"{length} for one row of shape {input.Dims} and type {input.DataType.ProtocolName()}";
            throw new BackendException(ErrorCode.InvalidArgument, $"input '{input.Name}': '{input.FileName}' has {stream.Length} bytes, expected {expected}");
        }

        var buffer = allocator.Rent(stream.Length);
        try
        {
            // Only the stream's own memory can be awaited for; the tensor's lies outside the garbage collector.
            var content = new byte[(int)stream.Length];
            await stream.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
            if (isText && !(BytesTensor.TryCount(content, out var found) && found == elements))
            {
                throw new BackendException(
                    ErrorCode.InvalidArgument, $"input '{input.Name}': '{input.FileName}' does not hold {elements} strings, each with its length in 4 bytes in front");
            }

            content.CopyTo(buffer.Span);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }
}
