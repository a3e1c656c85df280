namespace InferenceServer.Core.Telemetry;

/// <summary>The parts of a request's time.</summary>
public enum RequestPhase
{
    /// <summary>Waiting for its execution.</summary>
    Queue,

    /// <summary>Putting the inputs of the execution together.</summary>
    Assembly,

    /// <summary>In the model.</summary>
    Compute,

    /// <summary>Cutting the outputs into answers.</summary>
    Output,

    /// <summary>Writing the answer to the transport.</summary>
    Serialise,
}
