namespace InferenceServer.Core.Caching;

/// <summary>A store of answers cannot do what it was asked. The message says why, without secrets.</summary>
public sealed class ResponseStoreException : Exception
{
    /// <summary>True when the store is there and does not want what it was asked: it is asked again at once.</summary>
    public bool IsRefusal { get; init; }

    /// <summary>Without a reason.</summary>
    public ResponseStoreException()
    {
    }

    /// <summary>With a reason.</summary>
    public ResponseStoreException(string message)
        : base(message)
    {
    }

    /// <summary>With a reason and what caused it.</summary>
    public ResponseStoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
