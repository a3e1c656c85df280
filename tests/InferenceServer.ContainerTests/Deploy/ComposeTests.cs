using InferenceServer.ContainerTests.Engine;
using InferenceServer.ContainerTests.Kubernetes;
using InferenceServer.FunctionalTests.Server;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace InferenceServer.ContainerTests.Deploy;

/// <summary>The files that docker compose, Grafana and a shell are given.</summary>
public sealed class ComposeTests
{
    private static readonly string s_folder = Path.Combine(RepositoryRoot.Path, "deploy");

    public static TheoryData<string> YamlFiles => [.. Files("*.y*ml").Where(static file => !file.Contains("templates", StringComparison.Ordinal))];

    public static TheoryData<string> Scripts => [.. Files("*.sh"), "../.ci/containers", "../.ci/deploy"];

    [Theory]
    [MemberData(nameof(YamlFiles))]
    public void Yaml_IsRead(string file) => Assert.NotEmpty(Read(file));

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Script_IsUnderstoodByTheShell(string file)
    {
        var path = Path.GetFullPath(file, s_folder);
        var shell = (await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken))[0].Contains("bash", StringComparison.Ordinal) ? "bash" : "sh";

        var (exitCode, output) = await Command.RunAsync(shell, "-n", path);

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void Compose_MountsWhatThereIs_AndExposesLoopbackOnly()
    {
        var services = (YamlMappingNode)Assert.Single(Read("compose.yaml"))["services"];

        Assert.Equal(["grafana", "prometheus", "server"], services.Children.Keys.Select(static key => key.ToString()).Order(StringComparer.Ordinal));
        foreach (var (name, service) in services.Children.Select(static pair => (pair.Key.ToString(), (YamlMappingNode)pair.Value)))
        {
            Assert.All((YamlSequenceNode)service["ports"], port => Assert.StartsWith("127.0.0.1:", port.ToString(), StringComparison.Ordinal));
            foreach (var mount in ((YamlSequenceNode)service["volumes"]).Select(static volume => volume.ToString()).Where(static volume => volume.StartsWith('.')))
            {
                var parts = mount.Split(':');
                Assert.True(Path.Exists(Path.GetFullPath(parts[0], s_folder)), $"{name} mounts {parts[0]}, which is not there");
                Assert.Equal("ro", parts[^1]);
            }
        }

        var server = services["server"];
        Assert.Equal("true", server["read_only"].ToString());
        Assert.Equal("ALL", server.At("cap_drop", 0).ToString());
        Assert.Equal(["CMD", "/app/inference-server", "probe"], ((YamlSequenceNode)server.At("healthcheck", "test")).Select(static word => word.ToString()));
    }

    [Fact]
    public void Compose_GrafanaFindsItsSourceAndItsDashboard()
    {
        var compose = Assert.Single(Read("compose.yaml"));
        var source = Assert.Single(Read("grafana/provisioning/datasources/prometheus.yml")).At("datasources", 0);
        var provider = Assert.Single(Read("grafana/provisioning/dashboards/inference-server.yml")).At("providers", 0);
        var mounts = ((YamlSequenceNode)compose.At("services", "grafana", "volumes")).Select(static volume => volume.ToString().Split(':')[1]);

        Assert.Equal("http://prometheus:9090", source["url"].ToString());
        Assert.Contains(provider.At("options", "path").ToString(), mounts);
        Assert.Contains("/etc/grafana/provisioning", mounts);
    }

    private static List<YamlMappingNode> Read(string file) => Objects.Read(File.ReadAllText(Path.Combine(s_folder, file)));

    private static IEnumerable<string> Files(string pattern) =>
        Directory.EnumerateFiles(s_folder, pattern, SearchOption.AllDirectories).Select(static path => Path.GetRelativePath(s_folder, path)).Order(StringComparer.Ordinal);
}
