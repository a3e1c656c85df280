using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Host.Plugins;

/// <summary>What the folder of a backend says of it (<c>backend.json</c>), so that its code is loaded only when a model needs it.</summary>
/// <param name="Descriptor">What the server must know before that.</param>
/// <param name="Assembly">The file of its assembly, in the same folder.</param>
/// <param name="Type">The full name of the class that implements <see cref="IBackend"/>.</param>
internal sealed record BackendManifest(BackendDescriptor Descriptor, string Assembly, string Type)
{
    /// <summary>True when a model is to be loaded in a process of its own first, since the engine ends the process that gives it one it cannot read.</summary>
    public bool TriesLoads { get; init; }

    /// <summary>The name of the file.</summary>
    public const string FileName = "backend.json";
}
