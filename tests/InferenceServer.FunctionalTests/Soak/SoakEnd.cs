namespace InferenceServer.FunctionalTests.Soak;

/// <summary>How an attempt of a client ended. The three last are the client's own doing, and differ in what the server may have counted by then.</summary>
internal enum SoakEnd
{
    /// <summary>With the answer that it must have.</summary>
    Answered,

    /// <summary>With an error that it may have, from the model or its queue.</summary>
    Refused,

    /// <summary>With an error that it may have, before any model had to do with it: the counters of models do not know of it.</summary>
    TurnedAway,

    /// <summary>The client left before it had said what it wants: the server cannot have counted it.</summary>
    CutInHead,

    /// <summary>The client left before it had sent all: the server may have counted it, but never as answered.</summary>
    CutInBody,

    /// <summary>The client left later, or nobody knows when: the server may have counted it as anything.</summary>
    CutLater,
}
