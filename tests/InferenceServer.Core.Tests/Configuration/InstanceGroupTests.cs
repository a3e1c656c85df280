using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Scheduling;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

/// <summary>Devices of instances, for a backend that has some.</summary>
public sealed class InstanceGroupTests
{
    [Theory]
    [InlineData("instance_group { kind: KIND_GPU count: 2 gpus: [ 3, 1 ] }", "m_0_0 Gpu 3, m_0_1 Gpu 3, m_0_2 Gpu 1, m_0_3 Gpu 1")]
    [InlineData("instance_group { gpus: [ 1 ] name: \"g\" }", "g_0 Gpu 1")]
    [InlineData("instance_group { kind: KIND_GPU }", "m_0_0 Gpu 0")]
    [InlineData("instance_group [ { count: 2 }, { kind: KIND_MODEL } ]", "m_0_0 Cpu 0, m_0_1 Cpu 0, m_1_0 Model 0")]
    [InlineData("instance_group [ { kind: KIND_GPU passive: true }, { } ]", "m_1_0 Cpu 0, m_0_0 Gpu 0")]
    [InlineData("", "m_0 Cpu 0")]
    public void Place_EachDevice_HasAsManyInstancesAsTheCount(string text, string expected)
    {
        var declared = Declare(text);
        var config = Complete(text, Batchable);
        Assert.Equal(expected, Words(LanePlan.PlaceAll(declared.InstanceGroups, HostPolicies.None)));
        Assert.Equal(expected, Words(LanePlan.Place(config, HostPolicies.None).Select(static wish => wish.Placement).Concat(LanePlan.PlacePassive(config, HostPolicies.None))));
    }

    [Fact]
    public void TryDeclare_Accelerators_AreThoseOfGpusThenThoseOfTheProcessor()
    {
        var accelerators = Declare("""
            optimization { execution_accelerators {
              cpu_execution_accelerator { name: "openvino" }
              gpu_execution_accelerator [ { name: "tensorrt" parameters { key: "precision_mode" value: "FP16" } }, { name: "cuda" } ]
            } }
            """).Accelerators;
        Assert.Equal(["tensorrt Gpu", "cuda Gpu", "openvino Cpu"], accelerators.Select(static one => $"{one.Name} {one.Kind}"));
        Assert.Equal("FP16", accelerators[0].Parameters["precision_mode"]);
    }

    [Fact]
    public void TryComplete_BatchesOfAnOutputThatCountsPieces_AreRefused()
    {
        var signature = Signature([Fp32("X", -1, 4)], [Fp32("Y", -1, 2) with { HasRows = false }]);
        Assert.Equal(0, Complete("", signature).MaxBatchSize);
        ProblemAssert.Single(CompleteProblems("max_batch_size: 4", signature), 1, 1, "output 'Y' is put together from pieces", "write max_batch_size: 0");
    }

    private static string Words(IEnumerable<InstancePlacement> placements) =>
        string.Join(", ", placements.Select(static placement => FormattableString.Invariant($"{placement.Name} {placement.Kind} {placement.DeviceId}")));
}
