using System.IO.Abstractions;

namespace InferenceServer.Core.Repository;

/// <summary>Temporary folders of processes that were killed. Each holds a file that its process keeps locked for as long as it lives, however it ends.</summary>
internal static class AbandonedFolders
{
    /// <summary>The name of that file.</summary>
    public const string LockName = ".lock";

    /// <summary>Deletes those whose names begin so and whose process lives no more.</summary>
    public static void Delete(IFileSystem files, string prefix)
    {
        foreach (var folder in files.Directory.EnumerateDirectories(files.Path.GetTempPath(), prefix + "*"))
        {
            DeleteIfAbandoned(files, folder);
        }
    }

    private static void DeleteIfAbandoned(IFileSystem files, string folder)
    {
        try
        {
            // Whoever holds the lock still lives, in whichever container; without the file it may be about to.
            using (files.FileStream.New(files.Path.Combine(folder, LockName), FileMode.Open, FileAccess.Write, FileShare.None))
            {
            }

            files.Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is in use, or another user's.
        }
    }
}
