using System.Globalization;
using InferenceServer.ContainerTests.Deploy;
using InferenceServer.ContainerTests.Engine;
using InferenceServer.FunctionalTests.Server;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace InferenceServer.ContainerTests.Kubernetes;

/// <summary>Kubernetes objects as YAML.</summary>
internal static class Objects
{
    /// <summary>Renders the chart, with the values of these files over its own.</summary>
    public static Task<(int ExitCode, string Output)> RenderAsync(params string[] values) =>
        Command.RunAsync(Path.Combine(ToolsFixture.Folder, "render"), [Chart, "demo", "models", .. values]);

    public static string Chart { get; } = Path.Combine(RepositoryRoot.Path, "deploy", "helm", "inference-server");

    /// <summary>What is wrong with the objects by the schemas of Kubernetes and of the extensions, in which no unknown field is allowed; sees that all were looked at.</summary>
    public static async Task<string[]> FindProblemsAsync(string yaml)
    {
        string[] arguments = [Path.Combine(RepositoryRoot.Path, "tests/InferenceServer.ContainerTests/Kubernetes/validate.cjs"), Path.Combine(ToolsFixture.Folder, "node_modules")];
        var (exitCode, output) = await Command.RunAsync(yaml, "node", arguments);
        Assert.True(exitCode == 0, output);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"validated {Read(yaml).Count}"), lines[^1]);
        return lines[..^1];
    }

    /// <summary>The documents that have something in them.</summary>
    public static List<YamlMappingNode> Read(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(static document => document.RootNode).OfType<YamlMappingNode>()];
    }

    /// <summary>A value by the names and numbers on the way to it.</summary>
    public static YamlNode At(this YamlNode node, params object[] path) => path.Aggregate(node, static (current, step) => step is int index ? current[index] : current[(string)step]);
}
