using InferenceServer.Abstractions.Backends;
using InferenceServer.Host.Trials;

namespace InferenceServer.Host.Plugins;

/// <summary>A folder in the backends directory: a backend, or what is in the way of its being one.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Name">Its name, which is that of the backend.</param>
/// <param name="Manifest">What it says of itself; null when that is of no use.</param>
/// <param name="Problem">Why it cannot be used; null when nothing is wrong.</param>
internal sealed record BackendFolder(string Path, string Name, BackendManifest? Manifest, string? Problem)
{
    /// <summary>True when the server has a backend of that name built in: whoever asks for it gets that one.</summary>
    public bool IsShadowed { get; init; }

    /// <summary>What the server knows of the backend. One that cannot be used has its name at least, so that models that ask for it are told why.</summary>
    public BackendDescriptor Descriptor => Manifest switch
    {
        null => new BackendDescriptor(Name),
        { TriesLoads: true } manifest => manifest.Descriptor with { Settings = manifest.Descriptor.Settings.Add(LoadTrial.SettingKey) },
        _ => Manifest.Descriptor,
    };
}
