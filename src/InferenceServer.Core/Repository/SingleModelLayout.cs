using System.Collections.Immutable;
using System.IO.Abstractions;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Where the model is in a folder that somebody else has filled, by what is in it: version folders; one folder that has them, as in a repository of one model; one file that is a whole
/// model; or else the files of one version.
/// </summary>
internal static class SingleModelLayout
{
    /// <summary>Finds the model.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="bareExtensions">The extensions, with their dots, of files that are whole models.</param>
    /// <returns>What to read, and whether it is a file that is a whole model.</returns>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static (string Path, bool IsBareFile) Find(IFileSystem files, string folder, ImmutableArray<string> bareExtensions)
    {
        if (HasVersions(files, folder))
        {
            return (folder, false);
        }

        string[] models = [.. files.Directory.EnumerateFiles(folder).Where(file => bareExtensions.Contains(files.Path.GetExtension(file), StringComparer.Ordinal))];
        if (models.Length == 0)
        {
            string[] inner = [.. files.Directory.EnumerateDirectories(folder).Where(child => ModelNames.IsValid(files.Path.GetFileName(child)) && HasVersions(files, child))];
            return inner.Length == 1 ? (inner[0], false) : (folder, false);
        }

        // A configuration names its model's file, or means the one of the usual name.
        return models.Length == 1 && !ModelFolderReader.ConfigFileNames.Any(name => files.File.Exists(files.Path.Combine(folder, name))) ? (models[0], true) : (folder, false);
    }

    private static bool HasVersions(IFileSystem files, string folder) =>
        files.Directory.EnumerateDirectories(folder).Any(child => RepositoryScanner.IsVersionNumber(files.Path.GetFileName(child), out _));
}
