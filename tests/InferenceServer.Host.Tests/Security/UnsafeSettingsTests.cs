using InferenceServer.Host.Options;
using InferenceServer.Host.Security;
using InferenceServer.Host.Certificates;
using Microsoft.Extensions.Configuration;
using System.IO.Abstractions.TestingHelpers;
using Xunit;

namespace InferenceServer.Host.Tests.Security;

public sealed class UnsafeSettingsTests
{
    private static readonly TlsOptions s_tls = new("x", "c", "k", null, null);

    /// <summary>The flags, what else is so ("keys": callers are asked; "tls": every port has a certificate), and words of what is told, separated by bars.</summary>
    [Theory]
    [InlineData("", "", "")]
    [InlineData("--model-control-mode=explicit", "", "explicit lets everybody")]
    [InlineData("--model-control-mode=poll", "", "")]
    [InlineData("--model-control-mode=explicit --http-address=127.0.0.1 --grpc-address=127.0.0.1", "", "")]
    [InlineData("--model-control-mode=explicit --http-address=127.0.0.1", "", "explicit lets everybody")]
    [InlineData("--model-control-mode=explicit --http-address=127.0.0.1 --allow-grpc=false", "", "")]
    [InlineData("--model-control-mode=explicit", "keys tls", "")]
    [InlineData("--model-control-mode=explicit --http-restricted-api=model-repository:k=v --grpc-restricted-protocol=model-repository:k=v", "", "headers of restricted")]
    [InlineData("--model-control-mode=explicit --http-restricted-api=model-repository:k=v --grpc-restricted-protocol=model-repository:k=v", "tls", "")]
    [InlineData("--model-control-mode=explicit --http-restricted-api=model-repository:k=v", "tls", "explicit lets everybody")]
    [InlineData("--allow-client-shm=true", "", "shared memory of this machine")]
    [InlineData("--allow-client-shm=true", "keys tls", "")]
    [InlineData("--allow-setting-changes=true", "", "switch the log off")]
    [InlineData("", "keys", "plain text over HTTP and gRPC|scraper's key")]
    [InlineData("--allow-grpc=false --metrics-address=127.0.0.1", "keys", "plain text over HTTP,")]
    [InlineData("--http-address=127.0.0.1 --grpc-address=127.0.0.1", "keys", "")]
    [InlineData("--public-api=metrics", "keys tls", "metrics tell everybody")]
    [InlineData("--public-api=metrics --metrics-address=127.0.0.1", "keys tls", "")]
    [InlineData("--http-cors-origin=*", "tls", "Every page")]
    [InlineData("--http-cors-origin=*", "keys tls", "")]
    [InlineData("--http-cors-origin=https://a.example", "tls", "")]
    public void Find_Combination_IsToldOrNot(string flags, string more, string expected)
    {
        var told = UnsafeSettings.Find(Read(flags, more)).Select(static one => one.Problem).ToArray();
        var words = expected.Split('|', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(words.Length, told.Length);
        Assert.All(words.Zip(told), static pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
    }

    private static ServerOptions Read(string flags, string more)
    {
        var files = new MockFileSystem();
        files.AddDirectory("/samples");
        var line = CommandLine.Parse(flags.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var options = ServerOptionsReader.Read(new ConfigurationBuilder().Build(), line, "/samples", files, [], out var errors);
        Assert.Empty(errors);
        var security = options.Security;
        if (more.Contains("keys", StringComparison.Ordinal))
        {
            security = security with { AccessFile = "/access.json" };
        }

        if (more.Contains("tls", StringComparison.Ordinal))
        {
            security = security with { HttpTls = s_tls, GrpcTls = s_tls, MetricsTls = s_tls };
        }

        return options with { Security = security };
    }
}
