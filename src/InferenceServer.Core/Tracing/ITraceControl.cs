using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Tracing;

/// <summary>The settings of tracing: those of the start, the global ones over them, and those of a model over these.</summary>
public interface ITraceControl
{
    /// <summary>The name of the file that traces are written to, without its folder; empty when there is none.</summary>
    string FileName { get; }

    /// <summary>Shows the settings that hold; the count is what is left of it.</summary>
    /// <param name="model">The model's name; empty for the global settings.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="error">NotFound or Unavailable: there is no such model.</param>
    bool TryGet(string model, [NotNullWhen(true)] out TraceSettings? settings, [NotNullWhen(false)] out InferenceError? error);

    /// <summary>Changes settings, all of them or, when one of them is wrong, none.</summary>
    /// <param name="model">The model's name; empty for the global settings.</param>
    /// <param name="update">The change.</param>
    /// <param name="settings">The settings after the change.</param>
    /// <param name="error">NotFound or Unavailable: there is no such model. InvalidArgument: nothing could be traced by these settings.</param>
    bool TryUpdate(string model, TraceSettingsUpdate update, [NotNullWhen(true)] out TraceSettings? settings, [NotNullWhen(false)] out InferenceError? error);
}
