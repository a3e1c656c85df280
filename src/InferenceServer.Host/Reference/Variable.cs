namespace InferenceServer.Host.Reference;

/// <summary>A variable of the environment that the server reads.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Help">What it does.</param>
internal sealed record Variable(string Name, string Help);
