namespace InferenceServer.Core.Mirrors;

/// <summary>
/// A model repository in an object store: objects under one prefix, whose keys are told from the prefix on. Every call may fail with
/// <see cref="RemoteRepositoryException"/>, and with no other exception but for cancellation.
/// </summary>
public interface IRemoteRepository
{
    /// <summary>The address as the operator gave it, which holds no secret. It is what the log calls the repository.</summary>
    string Url { get; }

    /// <summary>Every object whose key begins with this text; markers of folders, whose keys end with '/', among them.</summary>
    /// <param name="start">How the keys begin; empty for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    IAsyncEnumerable<RemoteObject> ListAsync(string start, CancellationToken cancellationToken);

    /// <summary>The first parts of all keys, each once; those that more follows after end with '/'.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    IAsyncEnumerable<string> ListNamesAsync(CancellationToken cancellationToken);

    /// <summary>Opens an object for reading, if it still is what was listed.</summary>
    /// <param name="listed">What was listed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<Stream> OpenAsync(RemoteObject listed, CancellationToken cancellationToken);
}
