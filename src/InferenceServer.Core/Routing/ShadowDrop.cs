namespace InferenceServer.Core.Routing;

/// <summary>Why a copy was not sent to the shadow.</summary>
public enum ShadowDrop
{
    /// <summary>As many as there may be were on their way.</summary>
    InFlight,

    /// <summary>The tensors of all copies together would have taken too much memory.</summary>
    Memory,

    /// <summary>The shadow was not ready.</summary>
    NotReady,

    /// <summary>The shadow was the version that answered the client itself.</summary>
    SameVersion,

    /// <summary>The model of the request, or the shadow, answers any number of times.</summary>
    Decoupled,
}
