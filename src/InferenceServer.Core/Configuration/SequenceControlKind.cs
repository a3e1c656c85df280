namespace InferenceServer.Core.Configuration;

/// <summary>What a control input tells the model.</summary>
public enum SequenceControlKind
{
    /// <summary>Whether the request is the first of its sequence.</summary>
    Start,

    /// <summary>Whether it is the last.</summary>
    End,

    /// <summary>Whether the row has a request at all.</summary>
    Ready,

    /// <summary>The id of the sequence.</summary>
    CorrelationId,
}
