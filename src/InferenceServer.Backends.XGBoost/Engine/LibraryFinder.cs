using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.XGBoost.Engine;

/// <summary>Finds the library: where the operator says, or under the names that packages give it.</summary>
internal static class LibraryFinder
{
    private static readonly string[] s_names = OperatingSystem.IsWindows() ? ["xgboost"] : OperatingSystem.IsMacOS() ? ["libxgboost.dylib"] : ["libxgboost.so.0", "libxgboost.so"];

    /// <summary>Loads the library.</summary>
    /// <param name="path">Where it is; null to look for it where the system keeps libraries.</param>
    /// <exception cref="BackendException">It is not there.</exception>
    public static nint Load(string? path)
    {
        foreach (var name in path is null ? s_names : [path])
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return library;
            }
        }

        throw new BackendException(
            ErrorCode.Unavailable,
            path is null
                ? $"the library of XGBoost ({string.Join(" or ", s_names)}) is not on this machine; install it (Debian, Ubuntu: apt-get install libxgboost0), or name its file by --backend-config=xgboost,{XGBoostLibrary.PathKey}=…"
                : $"the file that the backend setting '{XGBoostLibrary.PathKey}' names is missing, or is no library of XGBoost for this machine");
    }
}
