namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>What a request's content type says that the body is.</summary>
internal enum PayloadKind
{
    /// <summary>JSON, whatever the content type: the protocol does not look at it.</summary>
    Json,

    /// <summary>A text in UTF-8, or JSON.</summary>
    Text,

    /// <summary>A text in another character set, or JSON.</summary>
    ForeignText,

    /// <summary>An array in NumPy's file format.</summary>
    Npy,
}
