using System.Diagnostics.CodeAnalysis;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Logging;
using InferenceServer.Protocols.KServe.Settings;
using Choice = Inference.LogSettingsRequest.Types.SettingValue.ParameterChoiceOneofCase;
using Value = Inference.LogSettingsResponse.Types.SettingValue;

namespace InferenceServer.Protocols.KServe.Logging;

/// <summary>The settings of the log as messages of the rpc <c>LogSettings</c> (logging extension).</summary>
internal static class LogSettingsMessages
{
    /// <summary>Reads which settings are to change; nothing changes when one of them is wrong.</summary>
    public static bool TryRead(LogSettingsRequest request, [NotNullWhen(true)] out LogSettingsUpdate? update, [NotNullWhen(false)] out InferenceError? error)
    {
        update = new LogSettingsUpdate();
        foreach (var (name, value) in request.Settings)
        {
            (var changed, error) = Read(name, value, update);
            if (error is not null)
            {
                update = null;
                return false;
            }

            update = changed;
        }

        error = null;
        return true;
    }

    public static LogSettingsResponse Make(LogSettings settings) => new()
    {
        Settings =
        {
            // There is no log file: the log goes to standard error.
            [LogSettingNames.File] = new Value { StringParam = "" },
            [LogSettingNames.Info] = new Value { BoolParam = settings.Info },
            [LogSettingNames.Warning] = new Value { BoolParam = settings.Warning },
            [LogSettingNames.Error] = new Value { BoolParam = settings.Error },
            [LogSettingNames.VerboseLevel] = new Value { Uint32Param = settings.VerboseLevel },
            [LogSettingNames.Format] = new Value { StringParam = LogFormats.NameOf(settings.Format) },
        },
    };

    private static (LogSettingsUpdate Update, InferenceError? Error) Read(string name, LogSettingsRequest.Types.SettingValue value, LogSettingsUpdate update)
    {
        switch (name)
        {
            case LogSettingNames.File:
                return (update, SettingErrors.FixedAtStart(name));
            case LogSettingNames.Info or LogSettingNames.Warning or LogSettingNames.Error when value.ParameterChoiceCase != Choice.BoolParam:
                return (update, SettingErrors.Kind(name, "boolean", NameOf(value.ParameterChoiceCase)));
            case LogSettingNames.Info:
                return (update with { Info = value.BoolParam }, null);
            case LogSettingNames.Warning:
                return (update with { Warning = value.BoolParam }, null);
            case LogSettingNames.Error:
                return (update with { Error = value.BoolParam }, null);
            case LogSettingNames.VerboseLevel:
                return value.ParameterChoiceCase == Choice.Uint32Param
                    ? (update with { VerboseLevel = value.Uint32Param }, null)
                    : (update, SettingErrors.Kind(name, "unsigned int", NameOf(value.ParameterChoiceCase)));
            case LogSettingNames.Format when value.ParameterChoiceCase != Choice.StringParam:
                return (update, SettingErrors.Kind(name, "string", NameOf(value.ParameterChoiceCase)));
            case LogSettingNames.Format:
                return LogFormats.TryParse(value.StringParam, out var format)
                    ? (update with { Format = format }, null)
                    : (update, SettingErrors.Value(name, string.Join(" or ", LogFormats.Names), value.StringParam));
            default:
                return (update, SettingErrors.Unknown(name, LogSettingNames.All));
        }
    }

    private static string NameOf(Choice choice) => choice switch
    {
        Choice.BoolParam => "bool_param",
        Choice.Uint32Param => "uint32_param",
        Choice.StringParam => "string_param",
        _ => "no value",
    };
}
