namespace InferenceServer.Core.Mirrors;

/// <summary>One object of a listing.</summary>
/// <param name="Key">Its key from the repository's prefix on. It may hold anything: nothing has been checked.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Tag">Changes whenever the object's content does (the store's ETag).</param>
/// <param name="LastWriteUtc">When it was written, by the store's clock.</param>
public sealed record RemoteObject(string Key, long Size, string Tag, DateTime LastWriteUtc);
