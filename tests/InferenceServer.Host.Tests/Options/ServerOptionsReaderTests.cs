using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Host.Options;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class ServerOptionsReaderTests
{
    [Fact]
    public void NoOptions_GiveTritonsPorts()
    {
        var options = Read([], out var errors);
        Assert.Empty(errors);
        Assert.Equal((8000, 8001, 8002), (options.Http!.Port, options.Grpc!.Port, options.Metrics!.Port));
        Assert.Equal("0.0.0.0", options.Metrics.Address.ToString());
        Assert.Equal(["/samples"], options.ModelRepositories);
        Assert.True(options.StrictReadiness);
        Assert.Equal(TimeSpan.FromSeconds(30), options.ExitTimeout);
    }

    [Theory]
    [InlineData("--http-port=80")]
    [InlineData("--http-port", "80")]
    public void Value_FollowsAnEqualsSignOrASpace(params string[] args) => Assert.Equal(80, Read(args, out _).Http!.Port);

    [Theory]
    [InlineData("--strict-readiness=false", false)]
    [InlineData("--strict-readiness=OFF", false)]
    [InlineData("--strict-readiness=0", false)]
    [InlineData("--strict-readiness=on", true)]
    [InlineData("--strict-readiness", true)]
    public void Boolean_TakesTritonsWords(string arg, bool expected)
    {
        Assert.Equal(expected, Read([arg], out var errors).StrictReadiness);
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("check", "--model-namespacing", "/a", "/b")]
    [InlineData("check", "/a", "--model-namespacing", "/b")]
    [InlineData("check", "--model-namespacing", "true", "/a", "/b")]
    public void Check_TakesRepositoriesAfterABooleanToo(params string[] args)
    {
        var options = Read(args, out var errors);
        Assert.Empty(errors);
        Assert.True(options.ModelNamespacing);
        Assert.Equal(["/a", "/b"], options.ModelRepositories);
    }

    [Fact]
    public void RequestMemory_FollowsFromWhatTheProcessMayUseUnlessItIsSaid()
    {
        var options = Read([], out var errors);
        Assert.Equal((MemoryShare.OfProcess(), TimeSpan.FromSeconds(30)), (options.RequestMemory.MaxBytes, options.RequestMemory.MaxWait));
        Assert.True(options.RequestMemory.MaxBytes >= MemoryShare.Least);
        Assert.Empty(errors);
        options = Read(["--max-request-memory-bytes=0", "--request-memory-wait-secs=7"], out errors);
        Assert.Equal((0, TimeSpan.FromSeconds(7)), (options.RequestMemory.MaxBytes, options.RequestMemory.MaxWait));
        Assert.Empty(errors);
        Read(["--max-request-memory-bytes=-2", "--request-memory-wait-secs=-1"], out errors);
        Assert.Equal(["--max-request-memory-bytes: expected a whole number of at least -1, got '-2'", "--request-memory-wait-secs: expected a whole number of at least 0 and at most 86400, got '-1'"], errors.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Probe_WithoutARepository_LooksForNone()
    {
        Assert.Empty(Read(["probe", "--http-port=80"], out var errors).ModelRepositories);
        Assert.Empty(errors);
    }

    [Fact]
    public void ClientSharedMemory_IsOffUnlessAskedFor()
    {
        Assert.False(Read([], out _).AllowClientShm);
        Assert.True(Read(["--allow-client-shm=true"], out var errors).AllowClientShm);
        Assert.Empty(errors);
    }

    [Fact]
    public void Repository_MayBeGivenSeveralTimesAndUnderItsOldName() =>
        Assert.Equal(["/a", "/b"], Read(["--model-repository=/a", "--model-store", "/b"], out _).ModelRepositories);

    [Fact]
    public void Repositories_MayLieElsewhere()
    {
        var options = Read(["--model-repository=s3://bucket/p", "--model-repository=/a", "--model-repository=as://account/container", "--repository-cache-directory=/b/cache", "--repository-cache-max-bytes=1000"], out var errors);
        Assert.Empty(errors);
        Assert.Equal(["/a"], options.ModelRepositories);
        Assert.Equal(["s3://bucket/p", "as://account/container"], options.RemoteRepositories.Select(static address => address.Url));
        Assert.Equal(("/b/cache", 1000), (options.Mirrors.Directory, options.Mirrors.MaxBytes));
        Assert.Equal(("", 100L << 30), (Read([], out _).Mirrors.Directory, Read([], out _).Mirrors.MaxBytes));
    }

    [Fact]
    public void RepositoriesThatCannotBe_AreToldOfAllAtOnceAndWithoutSecrets()
    {
        Read(["--model-repository=gs://bucket", "--model-repository=s3://key:verysecret@host/bucket", "--model-repository=/nowhere", "--repository-cache-max-bytes=0"], out var errors);
        Assert.Equal(4, errors.Count);
        Assert.Contains(errors, static error => error.Contains("gs://", StringComparison.Ordinal));
        Assert.Contains(errors, static error => error.Contains("/nowhere", StringComparison.Ordinal));
        Assert.Contains(errors, static error => error.Contains("--repository-cache-max-bytes", StringComparison.Ordinal));
        Assert.All(errors, static error => Assert.DoesNotContain("verysecret", error, StringComparison.Ordinal));
    }

    [Fact]
    public void Namespaces_AreOffUnlessAskedFor()
    {
        Assert.False(Read(["--model-repository=/a", "--model-repository=/b/../a"], out var none).ModelNamespacing);
        Assert.Empty(none);
        var options = Read(["--model-namespacing", "--model-repository=/a", "--model-repository=/b", "--model-repository=/b/../a", "--model-repository=s3://bucket/p"], out var errors);
        Assert.Empty(errors);
        Assert.True(options.ModelNamespacing);
        Assert.True(options.MetricsContent.UsesNamespaces);
        Assert.True(Read([], out _, new Dictionary<string, string?> { ["InferenceServer:ModelNamespacing"] = "true" }).ModelNamespacing);
    }

    [Fact]
    public void RepositoriesThatWouldBeOneNamespace_AreRefused()
    {
        Read(["--model-namespacing=true", "--model-repository=/a", "--model-repository=s3://bucket/team/a", "--model-repository=s3://bucket/b::c/"], out var errors);
        Assert.Equal(2, errors.Count);
        Assert.StartsWith("--model-namespacing: the repository 's3://bucket/b::c/' cannot be a namespace", errors[0], StringComparison.Ordinal);
        Assert.StartsWith("--model-namespacing: the repositories '/a' and 's3://bucket/team/a' would be one namespace, 'a'; rename", errors[1], StringComparison.Ordinal);
    }

    [Fact]
    public void CommandLine_WinsOverConfiguration()
    {
        var configuration = new Dictionary<string, string?>
        {
            ["InferenceServer:HttpPort"] = "7000",
            ["InferenceServer:GrpcPort"] = "7001",
            ["InferenceServer:ModelRepository:0"] = "/a",
            ["InferenceServer:ModelRepository:1"] = "/b",
        };
        var options = Read(["--http-port=9000"], out var errors, configuration);
        Assert.Empty(errors);
        Assert.Equal((9000, 7001), (options.Http!.Port, options.Grpc!.Port));
        Assert.Equal(["/a", "/b"], options.ModelRepositories);
    }

    [Fact]
    public void BackendConfig_IsKeptByBackendAndKey()
    {
        var backends = Read(["--backend-config=onnxruntime,default-max-batch-size=16", "--backend-config=intra_op_thread_count=2"], out var errors).Backends;
        Assert.Empty(errors);
        Assert.Equal("16", backends["onnxruntime"]["default-max-batch-size"]);
        Assert.Equal("2", backends[""]["intra_op_thread_count"]);
    }

    [Fact]
    public void ListenerSwitchedOff_HasNoEndPoint()
    {
        var options = Read(["--allow-grpc=false", "--allow-metrics=false"], out var errors);
        Assert.Empty(errors);
        Assert.Null(options.Grpc);
        Assert.Null(options.Metrics);
    }

    [Theory]
    [InlineData("--http-prot=80", "--http-prot", "did you mean '--http-port'")]
    [InlineData("--http-port=eighty", "--http-port", "whole number", "eighty")]
    [InlineData("--http-port=65536", "--http-port", "65535", "65536")]
    [InlineData("--http-port=-1", "--http-port", "at least 0", "-1")]
    [InlineData("--http-port", "--http-port", "no value")]
    [InlineData("--http-max-input-size=2147483647", "--http-max-input-size", "2147483647", "at most")]
    [InlineData("--grpc-max-request-bytes=0", "--grpc-max-request-bytes", "at least 1")]
    [InlineData("--http-address=here", "--http-address", "IP address", "here")]
    [InlineData("--strict-readiness=maybe", "--strict-readiness", "true or false", "maybe")]
    [InlineData("--log-format=xml", "--log-format", "json", "xml")]
    [InlineData("--log-verbose=9", "--log-verbose", "at most 2", "9")]
    [InlineData("--model-control-mode=pol", "--model-control-mode", "none", "poll")]
    [InlineData("--model-repository=/missing", "--model-repository", "does not exist", "/missing")]
    [InlineData("--model-load-thread-count=0", "--model-load-thread-count", "at least 1", "0")]
    [InlineData("--backend-config=nonsense", "--backend-config", "nonsense")]
    [InlineData("--backend-config=onnxruntime,default-max-batch-size=many", "--backend-config", "default-max-batch-size", "many")]
    [InlineData("--backend-config=tensorflow,a=b", "--backend-config", "no backend 'tensorflow'", "onnxruntime")]
    [InlineData("--backend-config=onxruntime,intra_op_thread_count=2", "did you mean 'onnxruntime'")]
    [InlineData("--backend-config=onnxruntime,intra_op_thread_cuont=2", "'intra_op_thread_cuont'", "did you mean 'intra_op_thread_count'")]
    [InlineData("--backend-config=identity,intra_op_thread_count=2", "'identity'", "intra_op_thread_count")]
    [InlineData("--backend-config=nothing=2", "'nothing'", "default-max-batch-size")]
    [InlineData("--id=", "--id", "expected a text")]
    [InlineData("stray", "stray")]
    [InlineData("--http-header-forward-pattern=x(", "--http-header-forward-pattern", "'x('")]
    [InlineData("--grpc-header-forward-pattern=(?=a)", "--grpc-header-forward-pattern", "'(?=a)'")]
    [InlineData("--http-restricted-api=nothing:a=b", "--http-restricted-api", "'nothing'", "model-repository")]
    [InlineData("--grpc-restricted-protocol=health,health:a=b", "--grpc-restricted-protocol", "'health'", "twice")]
    [InlineData("--grpc-infer-response-compression-level=most", "--grpc-infer-response-compression-level", "'most'")]
    [InlineData("--http-port=8001", "8001", "gRPC")]
    [InlineData("--grpc-keepalive-time=999", "--grpc-keepalive-time", "at least 1000", "999")]
    [InlineData("--grpc-keepalive-timeout=0", "--grpc-keepalive-timeout", "at least 1000", "'0'")]
    [InlineData("--grpc-keepalive-permit-without-calls=0", "--grpc-keepalive-permit-without-calls", "expected true", "'0'", "--grpc-keepalive-time=2147483647")]
    [InlineData("--grpc-max-connection-age=0", "--grpc-max-connection-age", "at least 1", "'0'")]
    [InlineData("--grpc-max-connection-age-grace=5000", "--grpc-max-connection-age-grace", "--grpc-max-connection-age ")]
    [InlineData("--grpc-max-response-pool-size=0", "--grpc-max-response-pool-size", "at least 1")]
    [InlineData("--grpc-http2-max-ping-strikes=3", "--grpc-http2-max-ping-strikes", "of Triton", "does not count")]
    [InlineData("--grpc-use-ssl", "--grpc-server-cert", "file of a certificate")]
    [InlineData("--strict-model-config=false", "--strict-model-config", "--disable-auto-complete-config")]
    public void WrongOption_IsToldByNameAndValue(string arg, params string[] words)
    {
        Read([arg], out var errors);
        var error = Assert.Single(errors);
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.Ordinal));
    }

    [Fact]
    public void GrpcConnections_ByDefault_AreAsInTriton() =>
        Assert.Equal(new ConnectionOptions(TimeSpan.FromHours(2), TimeSpan.FromSeconds(20), Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), Read([], out _).GrpcConnections);

    [Fact]
    public void GrpcConnections_Set_AreInMillisecondsAndTheGreatestIsNever()
    {
        var options = Read(["--grpc-keepalive-time=2147483647", "--grpc-keepalive-timeout=1500", "--grpc-max-connection-age=60000", "--grpc-max-connection-age-grace=0", "--grpc-max-response-pool-size=2147483647"], out var errors);
        Assert.Empty(errors);
        Assert.Equal(new ConnectionOptions(Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(1.5), TimeSpan.FromMinutes(1), TimeSpan.Zero), options.GrpcConnections);
        Assert.Equal(int.MaxValue, options.GrpcMaxResponsePoolSize);
    }

    [Fact]
    public void EveryWrongOption_IsToldAtOnce()
    {
        var configuration = new Dictionary<string, string?> { ["InferenceServer:GrpcPort"] = "x", ["InferenceServer:HtpPort"] = "1" };
        Read(["--http-port=y", "--bogus=1", "--exit-timeout-secs=z"], out var errors, configuration);
        Assert.Equal(5, errors.Count);
        Assert.Contains(errors, static error => error.Contains("InferenceServer:GrpcPort", StringComparison.Ordinal) && error.Contains("'x'", StringComparison.Ordinal));
        Assert.Contains(errors, static error => error.Contains("InferenceServer:HtpPort", StringComparison.Ordinal) && error.Contains("HttpPort", StringComparison.Ordinal));
    }

    [Fact]
    public void BothFrontEndsSwitchedOff_IsRefused()
    {
        Read(["--allow-http=false", "--allow-grpc=false"], out var errors);
        Assert.Contains("allow-http", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Help_NamesEveryOption() =>
        Assert.All(OptionTable.All, static option => Assert.Contains("--" + option.Flag, HelpText.Make(), StringComparison.Ordinal));

    [Fact]
    public void EveryDefault_IsAllowed()
    {
        foreach (var option in OptionTable.All.Where(static option => option.Kind is not (OptionKind.List or OptionKind.Text)))
        {
            Read([$"--{option.Flag}={option.Default}"], out var errors);
            Assert.Empty(errors);
        }
    }

    private static ServerOptions Read(string[] args, out IReadOnlyList<string> errors, Dictionary<string, string?>? configuration = null)
    {
        var files = new MockFileSystem();
        foreach (var folder in new[] { "/a", "/b", "/samples" })
        {
            files.AddDirectory(folder);
        }

        var built = new ConfigurationBuilder().AddInMemoryCollection(configuration ?? []).Build();
        return ServerOptionsReader.Read(built, CommandLine.Parse(args), "/samples", files, [.. Host.Startup.ServerHost.MakeBackends(TimeProvider.System).Select(static backend => backend.Descriptor)], out errors);
    }
}
