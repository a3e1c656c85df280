using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>The words for the states of a version in the repository index (model repository extension).</summary>
internal static class IndexStates
{
    public static string NameOf(ModelState state) => state switch
    {
        ModelState.Ready or ModelState.Asleep => "READY",
        ModelState.Draining => "UNLOADING",
        ModelState.Failed or ModelState.Unloaded => "UNAVAILABLE",
        _ => "LOADING",
    };
}
