namespace InferenceServer.Core.Logging;

/// <summary>The settings of the running server's log. Whoever owns the log implements it.</summary>
public interface ILogControl
{
    /// <summary>The settings of the moment.</summary>
    LogSettings Current { get; }

    /// <summary>Changes settings, all of them at once; what is logged from now on follows them.</summary>
    /// <returns>The settings after the change.</returns>
    LogSettings Apply(LogSettingsUpdate update);
}
