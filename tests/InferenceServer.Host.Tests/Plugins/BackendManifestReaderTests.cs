using System.Text;
using InferenceServer.Host.Plugins;
using Xunit;

namespace InferenceServer.Host.Tests.Plugins;

public sealed class BackendManifestReaderTests
{
    [Fact]
    public void Read_EveryField_IsInTheDescriptor()
    {
        var manifest = Read("""
            {
              // Comments are allowed, as people write them.
              "name": "trees", "assembly": "Trees.dll", "type": "Some.Trees", "platform": "trees_txt", "model_files": ["model.txt", "model.json"],
              "bare_file_extension": ".txt", "describes_models": true, "reports_responses": true, "auto_warmup": false, "runs_on_gpus": true, "settings": ["threads", "seed"],
            }
            """);
        Assert.Equal(("Trees.dll", "Some.Trees"), (manifest.Assembly, manifest.Type));
        var descriptor = manifest.Descriptor;
        Assert.Equal(("trees", "trees_txt", ".txt", "model.txt"), (descriptor.Name, descriptor.Platform, descriptor.BareFileExtension, descriptor.DefaultModelFilename));
        Assert.Equal(["model.txt", "model.json"], descriptor.ModelFilenames);
        Assert.Equal((true, true, false, true), (descriptor.DescribesModels, descriptor.ReportsResponses, descriptor.AllowsAutomaticWarmup, descriptor.RunsOnGpus));
        Assert.Equal(["threads", "seed"], descriptor.Settings);
    }

    [Fact]
    public void Read_WhatIsLeftOut_IsAsInTheDescriptor()
    {
        var descriptor = Read("""{"name": "a", "assembly": "a.dll", "type": "A"}""").Descriptor;
        Assert.Null(DescriptorComparison.FindDifference(descriptor, new Abstractions.Backends.BackendDescriptor("a")));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("[]", "expected an object")]
    [InlineData("""{"assembly": "a.dll", "type": "A"}""", "the field 'name' is missing")]
    [InlineData("""{"name": "a", "type": "A"}""", "the field 'assembly' is missing")]
    [InlineData("""{"name": "a", "assembly": "a.dll"}""", "the field 'type' is missing")]
    [InlineData("""{"name": 3, "assembly": "a.dll", "type": "A"}""", "'name' must be a text, got 3")]
    [InlineData("""{"name": "", "assembly": "a.dll", "type": "A"}""", "'name' must be a text")]
    [InlineData("""{"name": "a", "assembly": "../a.dll", "type": "A"}""", "without any path, got '../a.dll'")]
    [InlineData("""{"name": "a", "assembly": "a.so", "type": "A"}""", "the name of a .dll")]
    [InlineData("""{"name": "a", "assembly": "a.dll", "type": "A", "model_file": ["m"]}""", "there is no field 'model_file'; did you mean 'model_files'?")]
    [InlineData("""{"name": "a", "assembly": "a.dll", "type": "A", "model_files": "m"}""", "'model_files' must be a list of texts")]
    [InlineData("""{"name": "a", "assembly": "a.dll", "type": "A", "model_files": ["m/n"]}""", "without any path")]
    [InlineData("""{"name": "a", "assembly": "a.dll", "type": "A", "bare_file_extension": "txt"}""", "must begin with a dot")]
    [InlineData("""{"name": "a", "assembly": "a.dll", "type": "A", "describes_models": "yes"}""", "must be true or false, got \"yes\"")]
    [InlineData("""{"name": "a", "name": "b", "assembly": "a.dll", "type": "A"}""", "name")]
    public void Read_WhatIsWrong_IsSaidWithItsField(string json, string problem)
    {
        Assert.False(BackendManifestReader.TryRead(Encoding.UTF8.GetBytes(json), out _, out var said));
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    private static BackendManifest Read(string json)
    {
        Assert.True(BackendManifestReader.TryRead(Encoding.UTF8.GetBytes(json), out var manifest, out var problem), problem);
        return manifest;
    }
}
