namespace InferenceServer.Abstractions.Backends;

/// <summary>Where a backend writes what an operator should know about a model. The server adds model, version and backend.</summary>
public interface IBackendLog
{
    /// <summary>Something worth knowing once.</summary>
    void Info(string message);

    /// <summary>Something that works, though probably not as meant.</summary>
    void Warning(string message);
}
