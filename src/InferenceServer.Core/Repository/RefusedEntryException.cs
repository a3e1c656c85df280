namespace InferenceServer.Core.Repository;

/// <summary>An entry of a model's folder must not be read; the message says which one, and why, without a path from outside of it.</summary>
internal sealed class RefusedEntryException(string message) : Exception(message);
