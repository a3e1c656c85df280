namespace InferenceServer.Core.Logging;

/// <summary>Which settings of the log are to change; null leaves one as it is.</summary>
public sealed record LogSettingsUpdate
{
    /// <summary>The new <see cref="LogSettings.VerboseLevel"/>.</summary>
    public uint? VerboseLevel { get; init; }

    /// <summary>The new <see cref="LogSettings.Info"/>.</summary>
    public bool? Info { get; init; }

    /// <summary>The new <see cref="LogSettings.Warning"/>.</summary>
    public bool? Warning { get; init; }

    /// <summary>The new <see cref="LogSettings.Error"/>.</summary>
    public bool? Error { get; init; }

    /// <summary>The new <see cref="LogSettings.Format"/>.</summary>
    public LogFormat? Format { get; init; }

    /// <summary>The settings after the change.</summary>
    public LogSettings ApplyTo(LogSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new LogSettings(
            VerboseLevel ?? settings.VerboseLevel,
            Info ?? settings.Info,
            Warning ?? settings.Warning,
            Error ?? settings.Error,
            Format ?? settings.Format);
    }
}
