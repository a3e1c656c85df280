namespace InferenceServer.Core.Lifecycle;

/// <summary>Where a version stands in its life.</summary>
public enum ModelState
{
    /// <summary>Wanted, and nothing has been done yet.</summary>
    New,

    /// <summary>Wanted, and to be loaded when it is asked for.</summary>
    Asleep,

    /// <summary>Its weights are being read and its lanes made.</summary>
    Loading,

    /// <summary>It is loaded, and its lanes run the samples of its configuration before clients get in.</summary>
    Warming,

    /// <summary>It serves.</summary>
    Ready,

    /// <summary>It takes no new requests; those it has are being finished.</summary>
    Draining,

    /// <summary>Its memory has been given back.</summary>
    Unloaded,

    /// <summary>It could not be loaded; the reason is kept.</summary>
    Failed,
}
