using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>Makes wanted models as a scan would.</summary>
internal static class AspiredFixture
{
    /// <summary>A model of one version, or of several that are all wanted.</summary>
    public static AspiredModel Model(string name, long[] versions, string fingerprint = "same", string policy = "all { }", string config = "", long bytes = 0)
    {
        var folder = new ModelFolder
        {
            Name = name,
            Path = "/r/" + name,
            Versions = [.. versions.Select(number => new VersionFolder(number, "/", ["model.fake"]) { Fingerprint = fingerprint, Bytes = bytes })],
            ConfigFileName = "config.pbtxt",
            ConfigContent = System.Text.Encoding.UTF8.GetBytes($"version_policy {{ {policy} }} {config}"),
        };
        BackendDescriptor[] backends = [new("fake") { ModelFilenames = ["model.fake"], DescribesModels = true }];
        var aspired = AspiredModels.From(folder, backends);
        return aspired.Problem is null ? aspired : throw new InvalidOperationException(aspired.Problem);
    }
}
