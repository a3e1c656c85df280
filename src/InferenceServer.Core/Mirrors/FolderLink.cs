using System.IO.Abstractions;
using System.Runtime.InteropServices;

namespace InferenceServer.Core.Mirrors;

/// <summary>A symbolic link that leads elsewhere from one moment to the next: whoever looks finds the old target or the new one, and never none.</summary>
internal static partial class FolderLink
{
    /// <summary>Makes the link, or has it lead elsewhere.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The link.</param>
    /// <param name="target">Where it leads, from the link's folder on.</param>
    /// <param name="isFolder">True when a folder is there.</param>
    /// <param name="writtenUtc">When it counts as written.</param>
    /// <param name="scratch">A path in the same file system where nothing is.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Set(IFileSystem files, string path, string target, bool isFolder, DateTime writtenUtc, string scratch)
    {
        if (isFolder)
        {
            files.Directory.CreateSymbolicLink(scratch, target);
        }
        else
        {
            files.File.CreateSymbolicLink(scratch, target);
        }

        try
        {
            if (writtenUtc > DateTime.UnixEpoch)
            {
                files.File.SetLastWriteTimeUtc(scratch, writtenUtc);
            }

            if (OperatingSystem.IsWindows())
            {
                // Not at once, there: the runtime has no such call for links to folders.
                Remove(files, path);
                files.Directory.Move(scratch, path);
            }
            else if (Rename(scratch, path) != 0)
            {
                throw new IOException($"the link cannot be renamed (error {Marshal.GetLastPInvokeError()})");
            }
        }
        catch
        {
            Remove(files, scratch);
            throw;
        }
    }

    /// <summary>Removes a link, and nothing that it leads to.</summary>
    public static void Remove(IFileSystem files, string path)
    {
        // Deleting a folder that is a link deletes the link alone; a link to a file is a file.
        if (files.Directory.Exists(path))
        {
            files.Directory.Delete(path);
        }
        else
        {
            files.File.Delete(path);
        }
    }

    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Rename(string from, string to);
}
