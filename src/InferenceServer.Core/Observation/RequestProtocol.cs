namespace InferenceServer.Core.Observation;

/// <summary>By which way a request has come.</summary>
public enum RequestProtocol
{
    /// <summary>From within: a step of an ensemble, or the copy that a shadow gets.</summary>
    Internal,

    /// <summary>HTTP, with one answer or a stream of events.</summary>
    Http,

    /// <summary>gRPC, unary or on a stream.</summary>
    Rpc,
}
