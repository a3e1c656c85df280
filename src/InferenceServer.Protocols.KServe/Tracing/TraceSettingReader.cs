using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Settings;

namespace InferenceServer.Protocols.KServe.Tracing;

/// <summary>Collects the settings of tracing that a request wants changed. Their values are texts; none at all falls back to what lies beneath.</summary>
internal sealed class TraceSettingReader
{
    /// <summary>The most names of levels that one setting may have; there are three.</summary>
    public const int MaxLevels = 16;

    /// <summary>What has been read.</summary>
    public TraceSettingsUpdate Update { get; private set; } = new();

    /// <summary>Reads one setting from JSON: levels are an array, all others a string, and null stands for no value.</summary>
    public InferenceError? Read(string name, ref JsonCursor json)
    {
        if (json.Peek() == JsonKind.Null)
        {
            return json.TryReadNull() ? Read(name, []) : null;
        }

        if (name == TraceSettingNames.Level)
        {
            return ReadLevels(ref json);
        }

        if (json.Peek() != JsonKind.String)
        {
            return IsKnown(name) ? SettingErrors.Kind(name, "a string", json.Peek()) : Read(name, []);
        }

        return json.TryReadString(out var text) ? Read(name, [text.ToString()]) : null;
    }

    /// <summary>Reads one setting.</summary>
    public InferenceError? Read(string name, IReadOnlyList<string> values)
    {
        switch (name)
        {
            case TraceSettingNames.File or TraceSettingNames.Mode:
                // What they fall back to is what they are.
                return values.Count == 0 ? null : SettingErrors.FixedAtStart(name);
            case TraceSettingNames.Level when values.Count > MaxLevels:
                return SettingErrors.Kind(name, $"at most {MaxLevels} values", $"{values.Count}");
            case TraceSettingNames.Level:
                return ReadLevels(values);
            case TraceSettingNames.Rate:
                var error = ReadNumber(name, values, 0, out var change);
                Update = Update with { Rate = change };
                return error;
            case TraceSettingNames.Count:
                error = ReadNumber(name, values, TraceSettings.Endless, out change);
                Update = Update with { Count = change };
                return error;
            case TraceSettingNames.LogFrequency:
                error = ReadNumber(name, values, 0, out change);
                Update = Update with { LogFrequency = change };
                return error;
            default:
                return SettingErrors.Unknown(name, TraceSettingNames.All);
        }
    }

    private static bool IsKnown(string name) =>
        name is TraceSettingNames.Rate or TraceSettingNames.Count or TraceSettingNames.LogFrequency or TraceSettingNames.File or TraceSettingNames.Mode;

    private static InferenceError? ReadNumber(string name, IReadOnlyList<string> values, long minimum, out SettingChange<long> change)
    {
        change = new SettingChange<long>(null);
        if (values.Count == 0)
        {
            return null;
        }

        if (values.Count > 1)
        {
            return SettingErrors.Kind(name, "one value", $"{values.Count}");
        }

        if (!long.TryParse(values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < minimum)
        {
            return SettingErrors.Value(name, string.Create(CultureInfo.InvariantCulture, $"a whole number of at least {minimum}"), values[0]);
        }

        change = new SettingChange<long>(number);
        return null;
    }

    private InferenceError? ReadLevels(ref JsonCursor json)
    {
        if (json.Peek() != JsonKind.Array)
        {
            return SettingErrors.Kind(TraceSettingNames.Level, "an array of strings", json.Peek());
        }

        var names = new List<string>();
        var first = true;
        json.TryEnterArray();
        while (json.TryNextElement(ref first))
        {
            if (json.Peek() is not (JsonKind.String or JsonKind.End or JsonKind.Other))
            {
                return SettingErrors.Kind(TraceSettingNames.Level, "an array of strings", $"one with {RequestErrors.Describe(json.Peek())}");
            }

            if (!json.TryReadString(out var text))
            {
                return null;
            }

            names.Add(text.ToString());
        }

        return json.Failed ? null : Read(TraceSettingNames.Level, names);
    }

    private InferenceError? ReadLevels(IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            Update = Update with { Levels = new SettingChange<TraceLevels>(null) };
            return null;
        }

        if (!TraceLevelNames.TryParse(names, out var levels, out var wrong))
        {
            return SettingErrors.Value(TraceSettingNames.Level, TraceLevelNames.All, wrong);
        }

        Update = Update with { Levels = new SettingChange<TraceLevels>(levels) };
        return null;
    }
}
