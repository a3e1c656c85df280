using System.IO.Abstractions;

namespace InferenceServer.Bench.Output;

/// <summary>Files of reports: whole ones, or none.</summary>
internal static class ReportFile
{
    /// <summary>Writes beside the file and puts it in its place at the end.</summary>
    /// <exception cref="BenchException">It cannot be written.</exception>
    public static async Task WriteAsync(IFileSystem files, string path, byte[] content)
    {
        var whole = files.Path.GetFullPath(path);
        var beside = $"{whole}.{Guid.NewGuid():N}.tmp";
        try
        {
            await files.File.WriteAllBytesAsync(beside, content);
            files.File.Move(beside, whole, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            files.File.Delete(beside);
            throw new BenchException($"'{path}' cannot be written: {e.Message}", e);
        }
    }

    /// <summary>What is wrong with a path that is to be written in the end; null for nothing.</summary>
    public static string? Problem(IFileSystem files, string path) =>
        files.Path.GetDirectoryName(files.Path.GetFullPath(path)) is { } folder && files.Directory.Exists(folder) && !files.Directory.Exists(path)
            ? null
            : $"the folder of '{path}' does not exist, or it is a folder itself";
}
