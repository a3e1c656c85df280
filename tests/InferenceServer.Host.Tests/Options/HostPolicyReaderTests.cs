using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Scheduling;
using InferenceServer.Host.Options;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class HostPolicyReaderTests
{
    private readonly List<string> _errors = [];
    private readonly MockFileSystem _files = new(new Dictionary<string, MockFileData>
    {
        ["/sys/devices/system/node/node0/cpulist"] = new("0-3\n"),
        ["/sys/devices/system/node/node1/cpulist"] = new("4-7\n"),
        ["/sys/devices/system/node/node2/cpulist"] = new("8-9\n"),
        ["/sys/devices/system/node/node3/cpulist"] = new("\n"),
    });

    [Fact]
    public void Read_CoresAndNodes_OfSeveralPolicies()
    {
        var policies = Read("left,cpu-cores=0-1,3", "right,numa-node=1", "both,numa-node=1", "both,cpu-cores=5,6");
        Assert.Empty(_errors);
        Assert.Equal(("0-1,3", "4-7", "5-6"), (Text("left"), Text("right"), Text("both")));

        string Text(string name) => policies.Processors[name].ToString();
    }

    [Fact]
    public void Read_NodeOfWhichTheProcessHasAPart_IsThatPart() => Assert.Equal("4-5", ReadOn("4-5", "right,numa-node=1").Processors["right"].ToString());

    [Theory]
    [InlineData("left", "expected <name>,cpu-cores=")]
    [InlineData(",cpu-cores=0", "expected <name>,cpu-cores=")]
    [InlineData("left,cpu-cores", "expected <name>,cpu-cores=")]
    [InlineData("left,cpu-cores=", "expected numbers and ranges")]
    [InlineData("left,cpu-cores=0-x", "expected numbers and ranges")]
    [InlineData("left,cpu-cores=6-8", "the processors of this process are 0-7")]
    [InlineData("left,numa-node=x", "expected the number of a node")]
    [InlineData("left,numa-node=2", "the processors of this process are 0-7")]
    [InlineData("left,numa-node=3", "no node 3 with processors")]
    [InlineData("left,numa-node=4", "no node 4 with processors")]
    [InlineData("left,memory=0", "expected cpu-cores or numa-node, not 'memory'")]
    public void Read_WhatIsNoPolicy_IsAnErrorThatSaysWhatCame(string value, string problem)
    {
        Assert.Empty(Read(value).Processors);
        var error = Assert.Single(_errors);
        Assert.Contains(problem, error, StringComparison.Ordinal);
        Assert.EndsWith($"got '{value}'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_CoresOfAnotherNode_IsAnError()
    {
        Read("both,numa-node=1", "both,cpu-cores=0");
        Assert.Contains("none of which is among 0", Assert.Single(_errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhereThreadsCannotBeKept_IsAnError()
    {
        new HostPolicyReader(_files, null, "--host-policy", _errors).Read(["left,cpu-cores=0"]);
        Assert.Contains("on Linux only", Assert.Single(_errors), StringComparison.Ordinal);
    }

    private HostPolicies Read(params string[] values) => ReadOn("0-7", values);

    private HostPolicies ReadOn(string allowed, params string[] values)
    {
        Assert.True(ProcessorSet.TryParse(allowed, out var processors));
        return new HostPolicyReader(_files, processors, "--host-policy", _errors).Read(values);
    }
}
