namespace InferenceServer.FunctionalTests.Stores;

/// <summary>A real store with a bucket, as somebody fills it who deploys models.</summary>
internal interface IStore : IDisposable
{
    /// <summary>The address of a repository in the bucket.</summary>
    string Address(string prefix);

    Task PutAsync(string key, byte[] content);

    Task DeleteAsync(string key);

    /// <summary>The store ends, and forgets nothing.</summary>
    void Stop();

    Task StartAgainAsync();
}
