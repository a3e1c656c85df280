namespace InferenceServer.Core.Caching;

/// <summary>A place outside of the process where bytes are kept by keys, for several servers. It may be slow, away, or hold what nobody here has written.</summary>
public interface IResponseStore : IAsyncDisposable
{
    /// <summary>What it is, for the log; no secret.</summary>
    string Description { get; }

    /// <summary>How long a lookup or an insertion may take before it is given up.</summary>
    TimeSpan Patience { get; }

    /// <summary>Reads what stands under a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Signalled when nobody waits any more.</param>
    /// <returns>The bytes, or null when there are none.</returns>
    /// <exception cref="ResponseStoreException">It cannot be read.</exception>
    Task<ReadOnlyMemory<byte>?> ReadAsync(CacheKey key, CancellationToken cancellationToken);

    /// <summary>Puts bytes under a key, in place of what is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="cancellationToken">Signalled when nobody waits any more.</param>
    /// <exception cref="ResponseStoreException">It cannot be written.</exception>
    Task WriteAsync(CacheKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);
}
