using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Servers;

/// <summary>A server's regions of shared memory. Every call throws what <see cref="RequestFailure.Of"/> knows.</summary>
internal interface IRegionServer
{
    /// <summary>Makes a whole object known to the server.</summary>
    /// <param name="name">What requests call it.</param>
    /// <param name="key">What the system calls it.</param>
    /// <param name="length">In bytes.</param>
    Task RegisterAsync(string name, string key, long length);

    /// <summary>Has the server forget a region. One that it does not know is no error.</summary>
    Task UnregisterAsync(string name);
}
