namespace InferenceServer.Protocols.KServe.Http;

/// <summary>What kind of JSON value begins at a place.</summary>
internal enum JsonKind
{
    /// <summary>The text is over.</summary>
    End,

    /// <summary>No value begins here.</summary>
    Other,

    Object,
    Array,
    String,

    /// <summary>A number, or one of the tokens for what is not a finite number.</summary>
    Number,

    Bool,
    Null,
}
