namespace InferenceServer.Core.Mirrors;

/// <summary>One model cannot be mirrored; the message says why, for clients too.</summary>
internal sealed class MirrorProblemException(string message) : Exception(message);
