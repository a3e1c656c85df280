namespace InferenceServer.FunctionalTests.Errors;

/// <summary>A wrong request with what it must be told.</summary>
internal sealed record WrongHttpRequest(string Name, string Path, string Body, int Status, params string[] Words);
