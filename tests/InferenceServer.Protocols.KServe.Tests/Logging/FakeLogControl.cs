using InferenceServer.Core.Logging;

namespace InferenceServer.Protocols.KServe.Tests.Logging;

/// <summary>Keeps the settings and counts the changes.</summary>
internal sealed class FakeLogControl : ILogControl
{
    public LogSettings Current { get; private set; } = new(0, Info: true, Warning: true, Error: true, LogFormat.Default);

    public int Changes { get; private set; }

    public LogSettings Apply(LogSettingsUpdate update)
    {
        Changes++;
        return Current = update.ApplyTo(Current);
    }
}
