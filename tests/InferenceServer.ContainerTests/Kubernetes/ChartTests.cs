using InferenceServer.ContainerTests.Deploy;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Host.Options;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace InferenceServer.ContainerTests.Kubernetes;

/// <summary>The chart, rendered by Go's templates and sprig as Helm does, and held against the schemas of Kubernetes 1.27, KEDA, the Prometheus operator and the Gateway API.</summary>
public sealed class ChartTests(ToolsFixture tools)
{
    public static TheoryData<string> Cases => [.. Directory.EnumerateFiles(Path.Combine(Objects.Chart, "ci")).Select(static path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Chart_WithTheseValues_IsValid(string values)
    {
        tools.Require();

        var (exitCode, yaml) = await Objects.RenderAsync(Path.Combine(Objects.Chart, "ci", values));

        Assert.True(exitCode == 0, yaml);
        Assert.Empty(await Objects.FindProblemsAsync(yaml));
    }

    [Fact]
    public async Task Validator_OfAMistake_FindsIt()
    {
        tools.Require();
        var yaml = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "deploy/kubernetes.yaml"), TestContext.Current.CancellationToken);
        yaml = yaml.Replace("startupProbe", "startProbe", StringComparison.Ordinal).Replace("containerPort: 8000", "containerPort: \"8000\"", StringComparison.Ordinal);

        var problems = await Objects.FindProblemsAsync(yaml);

        Assert.Equal(2, problems.Length);
        Assert.Contains(problems, static problem => problem.Contains("startProbe: unknown field", StringComparison.Ordinal));
        Assert.Contains(problems, static problem => problem.Contains("containerPort must be integer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("modelz: {}", "modelz is not allowed")]
    [InlineData("autoscaling: { hpa: { saturationPercent: 700 } }", "saturationPercent")]
    [InlineData("models: { url: \"ftp://x\" }", "models.url")]
    [InlineData("autoscaling: { hpa: { enabled: true }, keda: { enabled: true } }", "enable one")]
    [InlineData("models: { existingClaim: a, url: \"s3://b\" }", "come from one of them")]
    [InlineData("cache: { kind: redis }", "cache.redis.host")]
    [InlineData("route: { enabled: true }", "route.parentRefs")]
    public async Task Chart_WithWrongValues_SaysWhatIsWrong(string values, string expected)
    {
        tools.Require();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, values, TestContext.Current.CancellationToken);

            var (exitCode, output) = await Objects.RenderAsync(file);

            Assert.NotEqual(0, exitCode);
            Assert.Contains(expected, output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Chart_WithACanary_SplitsTheTrafficByWeight()
    {
        tools.Require();

        var (_, yaml) = await Objects.RenderAsync(Path.Combine(Objects.Chart, "ci", "canary-values.yaml"));

        var objects = Objects.Read(yaml);
        var backends = (YamlSequenceNode)Of(objects, "HTTPRoute", "demo-inference-server").At("spec", "rules", 0, "backendRefs");
        Assert.Equal(["demo-inference-server-stable 95", "demo-inference-server-canary 5"], backends.Select(static backend => $"{backend["name"]} {backend["weight"]}"));
        Assert.Equal("inference-server:1.3.0", Of(objects, "Deployment", "demo-inference-server-canary").At("spec", "template", "spec", "containers", 0, "image").ToString());
        Assert.Equal("models-next", Of(objects, "Deployment", "demo-inference-server-canary").At("spec", "template", "spec", "volumes", 0, "persistentVolumeClaim", "claimName").ToString());
        Assert.Equal("canary", Of(objects, "Service", "demo-inference-server-canary").At("spec", "selector", "track").ToString());

        // Whatever counts replicas for itself must not find them set.
        Assert.Equal("4", Of(objects, "Deployment", "demo-inference-server").At("spec", "replicas").ToString());
        var (_, scaled) = await Objects.RenderAsync(Path.Combine(Objects.Chart, "ci", "keda-values.yaml"));
        Assert.False(((YamlMappingNode)Of(Objects.Read(scaled), "Deployment", "demo-inference-server")["spec"]).Children.ContainsKey("replicas"));
    }

    [Fact]
    public async Task Chart_FlagsThatItSets_AreThoseOfTheServer()
    {
        tools.Require();
        var known = OptionTable.All.Select(static option => option.Flag).ToHashSet(StringComparer.Ordinal);
        foreach (var values in Directory.EnumerateFiles(Path.Combine(Objects.Chart, "ci")))
        {
            var (_, yaml) = await Objects.RenderAsync(values);
            foreach (var deployment in Objects.Read(yaml).Where(static item => item["kind"].ToString() == "Deployment"))
            {
                var flags = ((YamlSequenceNode)deployment.At("spec", "template", "spec", "containers", 0, "args")).Select(static flag => flag.ToString()[2..].Split('=')[0]);
                Assert.Empty(flags.Except(known));
            }
        }
    }

    /// <summary>A kubelet has no certificate: where clients need one, it asks at the port of the metrics.</summary>
    [Theory]
    [InlineData("{ secret: \"\" }", "http", "HTTP")]
    [InlineData("{ secret: tls }", "http", "HTTPS")]
    [InlineData("{ secret: tls, mutual: true }", "metrics", "HTTP")]
    public async Task Chart_Probes_AskWhereNoCertificateIsWanted(string tls, string port, string scheme)
    {
        tools.Require();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"tls: {{ http: {tls} }}\nmodels: {{ existingClaim: models }}\n", TestContext.Current.CancellationToken);
            var (exitCode, yaml) = await Objects.RenderAsync(file);
            Assert.True(exitCode == 0, yaml);
            Assert.Empty(await Objects.FindProblemsAsync(yaml));
            var container = Of(Objects.Read(yaml), "Deployment", "demo-inference-server").At("spec", "template", "spec", "containers", 0);
            foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
            {
                Assert.Equal((port, scheme), (container[probe]["httpGet"]["port"].ToString(), container[probe]["httpGet"]["scheme"].ToString()));
            }

            Assert.Equal(port == "metrics", ((YamlSequenceNode)container["args"]).Any(static flag => flag.ToString() == "--http-use-ssl-mutual=true"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("recording.yml")]
    [InlineData("alerts.yml")]
    public void Chart_Rules_AreThoseOfPrometheus(string file)
    {
        // A chart cannot read what lies outside of it.
        var own = File.ReadAllText(Path.Combine(Objects.Chart, "rules", file));

        Assert.Equal(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "deploy/prometheus", file)), own);
    }

    private static YamlMappingNode Of(IEnumerable<YamlMappingNode> objects, string kind, string name) =>
        Assert.Single(objects, item => item["kind"].ToString() == kind && item.At("metadata", "name").ToString() == name);
}
