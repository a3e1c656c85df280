using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Logging;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Settings;

namespace InferenceServer.Protocols.KServe.Logging;

/// <summary>Collects the settings of the log that an HTTP request wants changed. Null leaves a setting as it is.</summary>
internal sealed class LogSettingsReader
{
    private const string Integer = "an unsigned integer of 32 bits";

    /// <summary>What has been read.</summary>
    public LogSettingsUpdate Update { get; private set; } = new();

    /// <summary>Reads one setting.</summary>
    public InferenceError? Read(string name, ref JsonCursor json)
    {
        if (name is not (LogSettingNames.Info or LogSettingNames.Warning or LogSettingNames.Error or LogSettingNames.VerboseLevel or LogSettingNames.Format or LogSettingNames.File))
        {
            return SettingErrors.Unknown(name, LogSettingNames.All);
        }

        if (json.Peek() == JsonKind.Null)
        {
            json.TryReadNull();
            return null;
        }

        return name switch
        {
            LogSettingNames.File => SettingErrors.FixedAtStart(name),
            LogSettingNames.VerboseLevel => ReadLevel(name, ref json),
            LogSettingNames.Format => ReadFormat(name, ref json),
            _ => ReadSwitch(name, ref json),
        };
    }

    private InferenceError? ReadSwitch(string name, ref JsonCursor json)
    {
        if (json.Peek() != JsonKind.Bool)
        {
            return SettingErrors.Kind(name, "true or false", json.Peek());
        }

        json.TryReadBool(out var value);
        Update = name switch
        {
            LogSettingNames.Info => Update with { Info = value },
            LogSettingNames.Warning => Update with { Warning = value },
            _ => Update with { Error = value },
        };
        return null;
    }

    private InferenceError? ReadLevel(string name, ref JsonCursor json)
    {
        if (json.Peek() != JsonKind.Number)
        {
            return SettingErrors.Kind(name, Integer, json.Peek());
        }

        if (!json.TryReadNumber(out var number))
        {
            return null;
        }

        if (!number.TryGetUInt64(out var value) || value > uint.MaxValue)
        {
            return SettingErrors.Value(name, Integer, System.Text.Encoding.UTF8.GetString(number.Text));
        }

        Update = Update with { VerboseLevel = (uint)value };
        return null;
    }

    private InferenceError? ReadFormat(string name, ref JsonCursor json)
    {
        if (json.Peek() != JsonKind.String)
        {
            return SettingErrors.Kind(name, "a string", json.Peek());
        }

        if (!json.TryReadString(out var text))
        {
            return null;
        }

        if (!LogFormats.TryParse(text.ToString(), out var format))
        {
            return SettingErrors.Value(name, string.Join(" or ", LogFormats.Names), text.ToString());
        }

        Update = Update with { Format = format };
        return null;
    }
}
