using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Host.Plugins;

/// <summary>Says in a sentence why the code of a backend cannot be loaded.</summary>
internal static class PluginFailure
{
    /// <summary>The reason; null for an exception that is about something else.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        BackendException => null,
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        DllNotFoundException missing => $"a native library that it needs is missing or cannot be loaded: {FirstLine(missing)}",
        EntryPointNotFoundException missing => $"a native library that it needs is of another version: {FirstLine(missing)}",
        BadImageFormatException { FileName: { Length: > 0 } file } => $"{Path.GetFileName(file)} is no assembly or library for this platform",
        BadImageFormatException bad => $"an assembly or library is not for this platform: {FirstLine(bad)}",
        FileNotFoundException { FileName: { Length: > 0 } file } when file.Contains("Version=", StringComparison.Ordinal) => $"it needs the assembly {file.Split(',')[0]}, which is not in its folder",
        FileLoadException { FileName: { Length: > 0 } file } => $"the assembly {file.Split(',')[0]} cannot be loaded: {FirstLine(exception)}",
        TypeLoadException or MissingMemberException => $"it was built against another version of a library: {FirstLine(exception)}",
        _ => null,
    };

    private static string FirstLine(Exception exception) => exception.Message.Split('\n')[0].TrimEnd();
}
