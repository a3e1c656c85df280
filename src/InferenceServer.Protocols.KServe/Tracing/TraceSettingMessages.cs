using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Tracing;
using Value = Inference.TraceSettingResponse.Types.SettingValue;

namespace InferenceServer.Protocols.KServe.Tracing;

/// <summary>The settings of tracing as messages of the rpc <c>TraceSetting</c> (trace extension).</summary>
internal static class TraceSettingMessages
{
    /// <summary>Shows the settings, or changes them: all that the request names or, when one of them is wrong, none.</summary>
    public static bool TryAnswer(TraceSettingRequest request, ITraceControl control, [NotNullWhen(true)] out TraceSettingResponse? response, [NotNullWhen(false)] out InferenceError? error)
    {
        response = null;
        if (!control.TryGet(request.ModelName, out var settings, out error))
        {
            return false;
        }

        var reader = new TraceSettingReader();
        foreach (var (name, value) in request.Settings)
        {
            error = reader.Read(name, value.Value);
            if (error is not null)
            {
                return false;
            }
        }

        if (!reader.Update.IsEmpty && !control.TryUpdate(request.ModelName, reader.Update, out settings, out error))
        {
            return false;
        }

        response = Make(settings!, control.FileName);
        return true;
    }

    private static TraceSettingResponse Make(TraceSettings settings, string fileName) => new()
    {
        Settings =
        {
            [TraceSettingNames.Level] = new Value { Value = { TraceLevelNames.NamesOf(settings.Levels) } },
            [TraceSettingNames.Rate] = Of(settings.Rate),
            [TraceSettingNames.Count] = Of(settings.Count),
            [TraceSettingNames.LogFrequency] = Of(settings.LogFrequency),
            [TraceSettingNames.File] = new Value { Value = { fileName } },
            [TraceSettingNames.Mode] = new Value { Value = { TraceSettingNames.TritonMode } },
        },
    };

    private static Value Of(long number) => new() { Value = { number.ToString(CultureInfo.InvariantCulture) } };
}
