namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>What became of a call whose message was to be read.</summary>
internal enum ReadingOutcome
{
    /// <summary>The message is a plain one.</summary>
    Plain,

    /// <summary>It is another, or none; nothing has been taken of it, or all that has can be read again.</summary>
    Other,

    /// <summary>The client has gone.</summary>
    Gone,
}
