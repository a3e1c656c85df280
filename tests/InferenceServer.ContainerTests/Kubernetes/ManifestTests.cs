using System.IO.Abstractions;
using InferenceServer.ContainerTests.Deploy;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Host.Options;
using InferenceServer.Host.Startup;
using Microsoft.Extensions.Configuration;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace InferenceServer.ContainerTests.Kubernetes;

/// <summary>The objects that are applied as they are.</summary>
public sealed class ManifestTests(ToolsFixture tools)
{
    /// <summary>The fields of KServe's objects, for which there are no schemas to be had: those that its documentation names and these files may use.</summary>
    private static readonly Dictionary<string, string[]> s_fields = new(StringComparer.Ordinal)
    {
        ["ClusterServingRuntime"] = ["annotations", "containers", "disabled", "labels", "multiModel", "nodeSelector", "protocolVersions", "supportedModelFormats", "tolerations", "volumes"],
        ["InferenceService"] = ["predictor"],
        ["predictor"] = ["autoScaling", "canaryTrafficPercent", "containerConcurrency", "maxReplicas", "minReplicas", "model", "scaleMetric", "scaleTarget", "terminationGracePeriodSeconds", "timeout"],
        ["model"] = ["args", "env", "modelFormat", "ports", "protocolVersion", "resources", "runtime", "storage", "storageUri"],
        ["supportedModelFormats"] = ["autoSelect", "name", "priority", "version"],
    };

    public static TheoryData<string> KServeFiles => [.. Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "deploy/kserve")).Select(static path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Manifest_OfTheSmallestDeployment_IsValid()
    {
        tools.Require();

        Assert.Empty(await Objects.FindProblemsAsync(await ReadAsync("kubernetes.yaml")));
    }

    [Theory]
    [MemberData(nameof(KServeFiles))]
    public async Task KServeObject_HasOnlyFieldsThatThereAre(string file)
    {
        foreach (var item in Objects.Read(await ReadAsync($"kserve/{file}")))
        {
            var kind = item["kind"].ToString();
            Assert.Equal(kind == "ClusterServingRuntime" ? "serving.kserve.io/v1alpha1" : "serving.kserve.io/v1beta1", item["apiVersion"].ToString());
            AssertKnown(kind, item["spec"]);
            if (kind == "InferenceService")
            {
                AssertKnown("predictor", item.At("spec", "predictor"));
                AssertKnown("model", item.At("spec", "predictor", "model"));
                Assert.Contains(item.At("spec", "predictor", "model", "protocolVersion").ToString(), new[] { "v2", "grpc-v2" });
                Assert.Equal("inference-server", item.At("spec", "predictor", "model", "runtime").ToString());
            }
            else
            {
                Assert.All((YamlSequenceNode)item.At("spec", "supportedModelFormats"), static format => AssertKnown("supportedModelFormats", format));
            }
        }
    }

    [Fact]
    public async Task ServingRuntime_Container_IsAValidOneOfAPod()
    {
        tools.Require();
        var runtime = Assert.Single(Objects.Read(await ReadAsync("kserve/cluster-serving-runtime.yaml")));
        Assert.Equal("kserve-container", runtime.At("spec", "containers", 0, "name").ToString());
        var pod = new YamlMappingNode
        {
            { "apiVersion", "v1" },
            { "kind", "Pod" },
            { "metadata", new YamlMappingNode { { "name", "runtime" } } },
            { "spec", new YamlMappingNode { { "containers", runtime.At("spec", "containers") } } },
        };
        using var text = new StringWriter();
        new YamlStream(new YamlDocument(pod)).Save(text, assignAnchors: false);

        Assert.Empty(await Objects.FindProblemsAsync(text.ToString()));
    }

    [Fact]
    public async Task ServingRuntime_Flags_AreUnderstoodByTheServer()
    {
        var folder = Directory.CreateTempSubdirectory("mnt-models-").FullName;
        try
        {
            var runtime = Assert.Single(Objects.Read(await ReadAsync("kserve/cluster-serving-runtime.yaml")));
            var arguments = ((YamlSequenceNode)runtime.At("spec", "containers", 0, "args")).Select(static flag => flag.ToString())
                .Select(flag => flag.Replace("{{.Name}}", "digits", StringComparison.Ordinal).Replace("/mnt/models", folder, StringComparison.Ordinal)).ToArray();

            var options = ServerOptionsReader.Read(new ConfigurationBuilder().Build(), CommandLine.Parse(arguments), "model-repository", new FileSystem(), [.. ServerHost.MakeBackends(TimeProvider.System).Select(static backend => backend.Descriptor)], out var problems);

            Assert.Empty(problems);
            Assert.Equal("digits", options.SingleModel!.Name);
            Assert.Empty(options.ModelRepositories);
            Assert.Equal(8080, options.Http!.Port);
            Assert.Equal("8080", runtime.At("spec", "containers", 0, "ports", 0, "containerPort").ToString());
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    private static void AssertKnown(string kind, YamlNode node) =>
        Assert.Empty(((YamlMappingNode)node).Children.Keys.Select(static key => key.ToString()).Except(s_fields[kind]));

    private static Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "deploy", file), TestContext.Current.CancellationToken);
}
