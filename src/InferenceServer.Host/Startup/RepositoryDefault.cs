using System.IO.Abstractions;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Startup;

/// <summary>Finds the sample repository, which is served when none is named.</summary>
internal static class RepositoryDefault
{
    /// <summary>
    /// The folder of that name here, or else in the closest folder above the program: so that the server finds it both where it is
    /// installed and where it is built from source.
    /// </summary>
    public static string Find(IFileSystem files)
    {
        var name = OptionTable.ModelRepository.Default;
        if (files.Directory.Exists(name))
        {
            return name;
        }

        for (var folder = files.DirectoryInfo.New(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = files.Path.Combine(folder.FullName, name);
            if (files.Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return name;
    }
}
