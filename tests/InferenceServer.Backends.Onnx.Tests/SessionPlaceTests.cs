using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>Sessions and threads of instances that keep to some of the processors.</summary>
public sealed class SessionPlaceTests
{
    [Theory]
    [InlineData(0, 4, null, 4, null)]
    [InlineData(3, 4, null, 3, null)]
    [InlineData(0, 4, "2", 1, null)]
    [InlineData(0, 4, "0-2", 3, "2;3")]
    [InlineData(0, 4, "1,5,9", 3, "6;10")]
    [InlineData(2, 4, "0-7", 2, "2")]
    [InlineData(5, 4, "3-4", 5, "5;4;5;4")]
    public void Threads_AreAsManyAsProcessorsAndKeepToThem(int asked, int processors, string? keepTo, int count, string? affinities)
    {
        ProcessorSet? set = null;
        Assert.True(keepTo is null || ProcessorSet.TryParse(keepTo, out set));
        Assert.Equal(new ThreadPlan(count, affinities), ThreadPlan.Of(asked, processors, set));
    }

    [Fact]
    public void Instances_OfTwoSetsOfProcessors_HaveSessionsOfTheirOwnAndGiveTheSame()
    {
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("digits"));
        var images = TestTensor.Fp32("image", new TensorShape(2, 1, 8, 8), [.. Enumerable.Range(0, 128).Select(static i => i / 128f)]);
        var expected = OnnxModels.Run(model, images)["probs"].As<float>();
        foreach (var set in new[] { new ProcessorSet([0]), new ProcessorSet([0, 1]), new ProcessorSet([0]) })
        {
            Assert.Equal(expected, OnnxModels.Run(model, OnnxModels.Placement with { Processors = set }, images)["probs"].As<float>());
        }
    }

    [Fact]
    public void Load_KeptToOneProcessorWithThreadsOfItsOwn_HasThemThere()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "threads are listed in /proc");
        var allowed = Allowed("/proc/self/status");
        Assert.SkipWhen(!ProcessorSet.TryParse(allowed, out var all) || all.Ids.Length < 2, "there is one processor, which every thread keeps to");
        var last = new ProcessorSet([all.Ids[^1]]);
        int Kept() => Directory.EnumerateDirectories("/proc/self/task").Count(task => Allowed($"{task}/status") == last.ToString());
        var before = Kept();
        using var model = OnnxModels.Load(OnnxModels.Context(RepositoryFiles.SampleModel("digits"), ("intra_op_thread_count", "4")) with { Placements = [OnnxModels.Placement with { Processors = last }] });

        // Each of them keeps itself there, once it runs.
        Assert.True(SpinWait.SpinUntil(() => Kept() == before + 3, TestTimeouts.Phase), $"{Kept() - before} threads keep to the processor");
    }

    private static string Allowed(string file)
    {
        try
        {
            return File.ReadLines(file).First(static line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1].Trim();
        }
        catch (IOException)
        {
            // A thread that has ended meanwhile.
            return "";
        }
    }
}
