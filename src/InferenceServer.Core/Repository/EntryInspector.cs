using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace InferenceServer.Core.Repository;

/// <summary>Finds out what lies under a path without opening it: opening a pipe waits for ever, and opening a device may do anything.</summary>
internal static partial class EntryInspector
{
    private const int CurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const uint TypeAndLinks = 0x1 | 0x4;
    private const uint Identity = TypeAndLinks | ChangeTime | 0x100 | 0x200;
    private const uint ChangeTime = 0x80;

    // The layout of Linux's struct statx, which is the same on every architecture.
    private const int Size = 256;
    private const int LinksOffset = 16;
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;
    private const int SizeOffset = 40;
    private const int ChangedOffset = 96;
    private const int DeviceOffset = 136;

    /// <summary>What lies there; <see cref="EntryKind.Unknown"/> on systems other than Linux.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">True for what a link leads to in the end.</param>
    public static EntryKind Inspect(string path, bool follow = false)
    {
        if (!OperatingSystem.IsLinux())
        {
            return EntryKind.Unknown;
        }

        Span<byte> found = stackalloc byte[Size];
        return TryAsk(path, follow ? 0 : DoNotFollow, TypeAndLinks, found) ? KindIn(found) : EntryKind.Unknown;
    }

    /// <summary>What the file system says of an entry itself, links not followed; null where there is none, or on a system that does not tell.</summary>
    public static EntryStamp? Examine(string path)
    {
        Span<byte> found = stackalloc byte[Size];
        if (!OperatingSystem.IsLinux() || !TryAsk(path, DoNotFollow, Identity, found) || (BinaryPrimitives.ReadUInt32LittleEndian(found) & ChangeTime) == 0)
        {
            return null;
        }

        return new EntryStamp(
            KindIn(found),
            BinaryPrimitives.ReadUInt64LittleEndian(found[DeviceOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(found[InodeOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(found[SizeOffset..]),
            (BinaryPrimitives.ReadInt64LittleEndian(found[ChangedOffset..]) * 1_000_000_000) + BinaryPrimitives.ReadUInt32LittleEndian(found[(ChangedOffset + 8)..]));
    }

    private static EntryKind KindIn(ReadOnlySpan<byte> found) => (BinaryPrimitives.ReadUInt16LittleEndian(found[ModeOffset..]) & 0xF000) switch
    {
        0x8000 => BinaryPrimitives.ReadUInt32LittleEndian(found[LinksOffset..]) > 1 ? EntryKind.SharedFile : EntryKind.File,
        0x4000 => EntryKind.Folder,
        0xA000 => EntryKind.Link,
        _ => EntryKind.Special,
    };

    private static bool TryAsk(string path, int flags, uint mask, Span<byte> found)
    {
        try
        {
            return StatX(CurrentFolder, path, flags, mask, found) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library from before 2018.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> found);
}
