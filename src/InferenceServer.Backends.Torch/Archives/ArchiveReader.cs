using System.Buffers;
using System.Collections.Immutable;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Torch.Archives;

/// <summary>
/// Reads an archive and holds each of its parts against its checksum, which libtorch does not do: a weight that has changed on the disk would be served as it is.
/// </summary>
internal static class ArchiveReader
{
    /// <summary>What all code together may take. Bytes.</summary>
    private const long MaxCode = 64L << 20;

    // PyTorch stores parts as they are; a file that says much more of itself than it has is none of its own.
    private const int MaxInflation = 100;

    // The head of data.pkl tells the class; no name is longer.
    private const int MaxHead = 4096;

    /// <summary>Reads it.</summary>
    /// <param name="file">The file's content, from its beginning.</param>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="BackendException">It is no TorchScript archive, or it is damaged.</exception>
    public static TorchArchive Read(Stream file, string name, CancellationToken cancellation)
    {
        try
        {
            using var zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            var length = zip.Entries.Sum(static entry => (double)entry.Length);
            return length <= (double)file.Length * MaxInflation
                ? Read(zip, name, cancellation)
                : throw new InvalidDataException(FormattableString.Invariant($"its parts would have {length:0} bytes, more than {MaxInflation} times the file"));
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or DecoderFallbackException)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"'{name}' is damaged, cut short, or no TorchScript archive, which is what torch.jit.script(model).save('{name}') writes: {exception.Message}", exception);
        }
    }

    private static TorchArchive Read(ZipArchive zip, string name, CancellationToken cancellation)
    {
        var names = zip.Entries.Select(static entry => entry.FullName).ToHashSet(StringComparer.Ordinal);
        if (names.Count != zip.Entries.Count)
        {
            throw new InvalidDataException("two of its parts have the same name");
        }

        if (zip.Entries.FirstOrDefault(static entry => entry.FullName.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && entry.FullName.AsSpan(slash + 1) is "data.pkl") is not { } data)
        {
            throw Foreign(name, names.Any(static one => one.EndsWith("/archive_format", StringComparison.Ordinal) || one.Contains("models/", StringComparison.Ordinal))
                ? "it is a program of torch.export, which this engine does not run"
                : "it has no data.pkl");
        }

        var folder = data.FullName[..^"data.pkl".Length];
        if (!names.Contains(folder + "constants.pkl") || !names.Any(one => one.StartsWith(folder + "code/", StringComparison.Ordinal)))
        {
            throw Foreign(name, "it holds weights or a pickled module (torch.save) and no code");
        }

        var code = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        long weights = 0, codeLength = 0;
        var head = new byte[MaxHead];
        var headLength = 0;
        foreach (var entry in zip.Entries)
        {
            cancellation.ThrowIfCancellationRequested();
            var isCode = entry.FullName.EndsWith(".py", StringComparison.Ordinal);
            if (isCode && (codeLength += entry.Length) > MaxCode)
            {
                throw new InvalidDataException($"its code has more than {MaxCode} bytes");
            }

            using var content = isCode ? new MemoryStream() : null;
            var isData = entry == data;
            Check(entry, (piece, position) =>
            {
                content?.Write(piece);
                if (isData && position < MaxHead)
                {
                    var length = (int)Math.Min(piece.Length, MaxHead - position);
                    piece[..length].CopyTo(head.AsSpan((int)position));
                    headLength = (int)position + length;
                }
            });
            if (content is not null)
            {
                code[entry.FullName] = new UTF8Encoding(false, true).GetString(content.GetBuffer(), 0, (int)content.Length);
            }

            weights += entry.FullName.StartsWith(folder + "data/", StringComparison.Ordinal) || entry.FullName.StartsWith(folder + "constants/", StringComparison.Ordinal) ? entry.Length : 0;
        }

        var (module, type) = ReadClass(head.AsSpan(0, headLength));
        return new TorchArchive(folder, module, type, code.ToImmutable(), weights);
    }

    private static void Check(ZipArchiveEntry entry, ReadPiece use)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        try
        {
            using var stream = entry.Open();
            var hash = new Crc32();
            long position = 0;
            for (int read; (read = stream.Read(buffer)) > 0; position += read)
            {
                if (position + read > entry.Length)
                {
                    throw new InvalidDataException($"its part '{entry.FullName}' is longer than it says");
                }

                hash.Append(buffer.AsSpan(0, read));
                use(buffer.AsSpan(0, read), position);
            }

            if (position != entry.Length || hash.GetCurrentHashAsUInt32() != entry.Crc32)
            {
                throw new InvalidDataException($"its part '{entry.FullName}' is not what its checksum says");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A pickle of protocol 2 whose first operation names the class: 'c', the module and the name, each with a line break.
    private static (string Module, string Name) ReadClass(ReadOnlySpan<byte> pickle)
    {
        if (pickle.StartsWith([(byte)0x80, (byte)2, (byte)'c']))
        {
            var rest = pickle[3..];
            var first = rest.IndexOf((byte)'\n');
            var second = first < 0 ? -1 : rest[(first + 1)..].IndexOf((byte)'\n');
            if (second > 0)
            {
                return (Encoding.UTF8.GetString(rest[..first]), Encoding.UTF8.GetString(rest.Slice(first + 1, second)));
            }
        }

        throw new InvalidDataException("its data.pkl does not begin with a class");
    }

    private static BackendException Foreign(string name, string why) => new(
        ErrorCode.InvalidArgument,
        $"'{name}' is no TorchScript archive: {why}; write one with torch.jit.script(model).save('{name}') or torch.jit.trace(model, example).save('{name}')");

    private delegate void ReadPiece(ReadOnlySpan<byte> piece, long position);
}
