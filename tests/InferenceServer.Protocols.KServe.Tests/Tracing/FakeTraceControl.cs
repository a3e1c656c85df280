using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Protocols.KServe.Tests.Tracing;

/// <summary>Knows the model <c>echo</c> and keeps the last change.</summary>
internal sealed class FakeTraceControl : ITraceControl
{
    public string FileName => "traces.json";

    public string LastModel { get; private set; } = "none";

    public TraceSettingsUpdate? LastUpdate { get; private set; }

    /// <summary>When set, every change is refused with it.</summary>
    public InferenceError? Refusal { get; set; }

    public bool TryGet(string model, [NotNullWhen(true)] out TraceSettings? settings, [NotNullWhen(false)] out InferenceError? error)
    {
        error = model is "" or "echo" ? null : new InferenceError(ErrorCode.NotFound, $"Request for unknown model: '{model}' is not found");
        settings = error is null ? new TraceSettings(TraceLevels.Timestamps | TraceLevels.Tensors, 7, 3, 5) : null;
        return error is null;
    }

    public bool TryUpdate(string model, TraceSettingsUpdate update, [NotNullWhen(true)] out TraceSettings? settings, [NotNullWhen(false)] out InferenceError? error)
    {
        LastModel = model;
        LastUpdate = update;
        settings = null;
        error = Refusal;
        return error is null && TryGet(model, out settings, out error);
    }
}
