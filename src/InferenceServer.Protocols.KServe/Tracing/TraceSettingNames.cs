namespace InferenceServer.Protocols.KServe.Tracing;

/// <summary>The names of the trace extension.</summary>
internal static class TraceSettingNames
{
    public const string Level = "trace_level";
    public const string Rate = "trace_rate";
    public const string Count = "trace_count";
    public const string LogFrequency = "log_frequency";
    public const string File = "trace_file";
    public const string Mode = "trace_mode";

    /// <summary>The mode that writes a file of Triton's format, the only one.</summary>
    public const string TritonMode = "triton";

    /// <summary>Those that can be changed, for error texts.</summary>
    public const string All = $"{Level}, {Rate}, {Count}, {LogFrequency}";
}
