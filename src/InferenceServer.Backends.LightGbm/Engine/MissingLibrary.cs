namespace InferenceServer.Backends.LightGbm.Engine;

/// <summary>Says what to install when the native library cannot be loaded.</summary>
internal static class MissingLibrary
{
    /// <summary>One sentence for what the loader reports.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        EntryPointNotFoundException => "the library of LightGBM is of another version than this backend was made for; install the one that is published with it",
        BadImageFormatException => "the library of LightGBM that lies beside this backend is for another processor or operating system",
        _ when exception.Message.Contains("libgomp", StringComparison.Ordinal) =>
            "LightGBM needs the library libgomp.so.1, which this machine lacks; install it (Debian, Ubuntu: apt-get install libgomp1; Fedora: dnf install libgomp)",
        _ => "the native library of LightGBM, lib_lightgbm, is missing or cannot be loaded; the backend brings it along for Linux, macOS and Windows on x64 processors: publish it anew, or put it beside the backend",
    };
}
