using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Host.Reference;

/// <summary>What there is to say of a backend that lies in a folder beside the server, whose code is not loaded to say it.</summary>
/// <param name="Name">The name of the backend.</param>
/// <param name="Page">The page that tells more of it.</param>
/// <param name="Settings">The settings of <c>--backend-config</c>.</param>
/// <param name="Parameters">The <c>parameters</c> of its models.</param>
internal sealed record FolderBackend(string Name, string Page, ImmutableArray<SettingDescription> Settings, ImmutableArray<SettingDescription> Parameters);
