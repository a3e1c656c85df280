namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Where the server counts what was sent to it.</summary>
internal enum SoakWay
{
    /// <summary>Requests to models over HTTP.</summary>
    Http,

    /// <summary>Requests to models over gRPC, unary or on a stream.</summary>
    Rpc,

    /// <summary>What names no model: the control plane, scrapes, and what is no request at all. The server has no counter of these.</summary>
    Other,
}
