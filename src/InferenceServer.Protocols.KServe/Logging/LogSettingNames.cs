namespace InferenceServer.Protocols.KServe.Logging;

/// <summary>The names of the logging extension.</summary>
internal static class LogSettingNames
{
    public const string File = "log_file";
    public const string Info = "log_info";
    public const string Warning = "log_warning";
    public const string Error = "log_error";
    public const string VerboseLevel = "log_verbose_level";
    public const string Format = "log_format";

    /// <summary>All of them, for error texts.</summary>
    public const string All = $"{Info}, {Warning}, {Error}, {VerboseLevel}, {Format}";
}
