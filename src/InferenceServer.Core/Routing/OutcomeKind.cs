namespace InferenceServer.Core.Routing;

/// <summary>What the end of a request says about the version that had it.</summary>
internal enum OutcomeKind
{
    /// <summary>It answered.</summary>
    Success,

    /// <summary>The server or the model is at fault.</summary>
    Failure,

    /// <summary>The client made a mistake: it says nothing.</summary>
    Mistake,

    /// <summary>The client gave up: it says something only if it had waited for longer than it should have to.</summary>
    GivenUp,
}
