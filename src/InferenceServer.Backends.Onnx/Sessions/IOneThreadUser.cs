namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>Somebody who runs on a <see cref="OneThreadSession"/>.</summary>
internal interface IOneThreadUser
{
    /// <summary>Gives up what it has of the session, unless it runs on it or has done so since; does not wait.</summary>
    /// <param name="unusedSince">A time of the session's clock.</param>
    /// <returns>True when it has nothing of it any more.</returns>
    bool TryLeave(long unusedSince);
}
