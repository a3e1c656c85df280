namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>How a request under overload may end.</summary>
internal enum OverloadEnd
{
    /// <summary>With its answer.</summary>
    Answered,

    /// <summary>Turned away without waiting: its deadline could not be met, or the queue was full. It is told when to come again.</summary>
    Refused,

    /// <summary>Its deadline passed.</summary>
    Late,

    /// <summary>In any other way, which none may.</summary>
    Failed,
}
