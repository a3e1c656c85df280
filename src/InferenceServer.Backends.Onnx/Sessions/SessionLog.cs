using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>The way from the engine's log to one model's.</summary>
/// <param name="Id">The id that the engine logs the session under.</param>
/// <param name="Log">The model's log.</param>
/// <param name="Folder">The folder of the model's file, which no line shall name.</param>
/// <param name="Owner">Where to deregister.</param>
internal sealed record SessionLog(string Id, IBackendLog Log, string? Folder, EngineLog Owner) : IDisposable
{
    public void Dispose() => Owner.Remove(this);
}
