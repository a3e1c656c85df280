namespace InferenceServer.Bench.Requests;

/// <summary>The ways a request can travel.</summary>
internal enum WireEncoding
{
    /// <summary>HTTP with the tensors as JSON numbers.</summary>
    Json,

    /// <summary>HTTP with a JSON header and the tensors as bytes behind it.</summary>
    Binary,

    /// <summary>gRPC ModelInfer with raw contents.</summary>
    Grpc,

    /// <summary>gRPC ModelStreamInfer with raw contents: many requests on one stream.</summary>
    Stream,
}
