namespace InferenceServer.LoadGenerator.Echo;

/// <summary>What the echo endpoint does with messages of gRPC.</summary>
internal enum RpcEcho
{
    /// <summary>The request is deserialised and the answer serialised, by the generated classes: a service as anybody writes one.</summary>
    Generated,

    /// <summary>Both are bytes that nobody looks at: the transport alone.</summary>
    Raw,
}
