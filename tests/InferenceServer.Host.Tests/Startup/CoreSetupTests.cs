using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Host.Options;
using InferenceServer.Host.Startup;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace InferenceServer.Host.Tests.Startup;

public sealed class CoreSetupTests
{
    /// <summary>What comes from elsewhere is not there yet, and what is followed is read by who follows it.</summary>
    [Theory]
    [InlineData("--model-repository=/a", true)]
    [InlineData("--model-repository=/a --model-control-mode=poll", false)]
    [InlineData("--model-repository=/a --model-repository=s3://bucket/models", false)]
    public void Repositories_AreReadAhead_WhereEverythingIsHereAndServed(string flags, bool expected)
    {
        var files = new MockFileSystem();
        files.AddDirectory("/a");
        var options = ServerOptionsReader.Read(new ConfigurationBuilder().Build(), CommandLine.Parse(flags.Split(' ')), "/samples", files, [], out var errors);
        Assert.Empty(errors);

        Assert.Equal(expected, new CoreSetup(options).BeginReading() is not null);
    }
}
