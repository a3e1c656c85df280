namespace InferenceServer.Abstractions.Errors;

/// <summary>Why something failed, in words of the server itself. Each protocol maps these to its own statuses in one file.</summary>
public enum ErrorCode
{
    /// <summary>A fault of the server or of an engine; nothing the caller can mend.</summary>
    Internal,

    /// <summary>The named model, version or region does not exist.</summary>
    NotFound,

    /// <summary>The request contradicts the protocol or the model's signature.</summary>
    InvalidArgument,

    /// <summary>The request is well formed, but this server or model cannot do it.</summary>
    Unsupported,

    /// <summary>The model or the server cannot answer now; the same request may succeed later.</summary>
    Unavailable,

    /// <summary>A limit of memory, queue or message size is reached.</summary>
    ResourceExhausted,

    /// <summary>The caller's deadline passed before the answer was there.</summary>
    DeadlineExceeded,

    /// <summary>The caller gave up.</summary>
    Cancelled,

    /// <summary>The name is taken.</summary>
    AlreadyExists,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied,

    /// <summary>It is not known who the caller is.</summary>
    Unauthenticated,
}
