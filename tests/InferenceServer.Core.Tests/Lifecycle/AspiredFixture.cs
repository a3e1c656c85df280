using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>Makes wanted models as a scan would.</summary>
internal static class AspiredFixture
{
    /// <summary>A model of one version, or of several that are all wanted.</summary>
    public static AspiredModel Model(string name, long[] versions, string fingerprint = "same", string policy = "all { }")
    {
        var folder = new ModelFolder
        {
            Name = name,
            Path = "/r/" + name,
            Versions = [.. versions.Select(number => new VersionFolder(number, "/", ["model.fake"]) { Fingerprint = fingerprint })],
            ConfigFileName = "config.pbtxt",
            ConfigContent = System.Text.Encoding.UTF8.GetBytes($"version_policy {{ {policy} }}"),
        };
        BackendDescriptor[] backends = [new("fake") { DefaultModelFilename = "model.fake", DescribesModels = true }];
        var aspired = AspiredModels.From(folder, backends);
        return aspired.Problem is null ? aspired : throw new InvalidOperationException(aspired.Problem);
    }
}
