using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace InferenceServer.Core.Repository;

/// <summary>Finds out what lies under a path without opening it: opening a pipe waits for ever, and opening a device may do anything.</summary>
internal static partial class EntryInspector
{
    private const int CurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const uint TypeAndLinks = 0x1 | 0x4;

    // The layout of Linux's struct statx, which is the same on every architecture.
    private const int Size = 256;
    private const int LinksOffset = 16;
    private const int ModeOffset = 28;

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
        try
        {
            if (StatX(CurrentFolder, path, follow ? 0 : DoNotFollow, TypeAndLinks, found) != 0)
            {
                return EntryKind.Unknown;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // A C library from before 2018.
            return EntryKind.Unknown;
        }

        return (BinaryPrimitives.ReadUInt16LittleEndian(found[ModeOffset..]) & 0xF000) switch
        {
            0x8000 => BinaryPrimitives.ReadUInt32LittleEndian(found[LinksOffset..]) > 1 ? EntryKind.SharedFile : EntryKind.File,
            0x4000 => EntryKind.Folder,
            0xA000 => EntryKind.Link,
            _ => EntryKind.Special,
        };
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> found);
}
