namespace InferenceServer.Core.Logging;

/// <summary>The form of a line of the log.</summary>
public enum LogFormat
{
    /// <summary>Text with the time of day.</summary>
    Default,

    /// <summary>Text with the time in ISO 8601, in UTC.</summary>
    Iso8601,

    /// <summary>One JSON object a line.</summary>
    Json,
}
