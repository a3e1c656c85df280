namespace InferenceServer.FuzzTests.Engine;

/// <summary>What must hold does not.</summary>
public sealed class FuzzFindingException(string message, Exception? innerException = null) : Exception(message, innerException);
