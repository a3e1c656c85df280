using InferenceServer.Bench.Commands;
using InferenceServer.FunctionalTests.Security;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Certificates;
using Xunit;

namespace InferenceServer.FunctionalTests.Benching;

/// <summary>A server that speaks TLS and asks for a key.</summary>
public sealed class SecuredBenchTests : IAsyncLifetime
{
    private readonly AccessFixture _fixture = new();
    private readonly TestAuthority _authority = new("the authority");
    private readonly TestAuthority _stranger = new("a stranger");
    private string _key = "";
    private string[] _server = [];

    public async ValueTask InitializeAsync()
    {
        var (certificate, key) = _authority.IssueServer();
        var flags = new[] { "http", "grpc" }.SelectMany(port => (string[])[
            $"--{port}-use-ssl=true", $"--{port}-server-cert={_fixture.Folder.Write("cert.pem", certificate)}", $"--{port}-server-key={_fixture.Folder.Write("key.pem", key)}"]);
        _key = _fixture.AddKey("caller", """[{"scopes": ["inference", "metadata"], "models": ["*"]}]""");
        await _fixture.StartAsync(SampleServer.Repository, [.. BenchedServer.Flags, .. flags]);
        _server =
        [
            "add_sub", "--url", $"https://localhost:{_fixture.Server.Http.BaseAddress!.Port}", "--grpc-url", $"https://localhost:{_fixture.Server.RpcAddress.Split(':')[^1]}",
            "--encoding", "json,grpc,stream", "--connections", "1,2",
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _fixture.DisposeAsync();
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task RightAuthorityAndKey_AreLetIn()
    {
        var call = (await BenchCall.RunAsync([.. _server, "--ca", _fixture.Folder.Write("ca.pem", _authority.Pem), "--header", $"X-API-Key: {_key}"])).AssertClean();

        Assert.All([call.Output, call.Errors, call.Html, call.Json.GetRawText()], text => Assert.DoesNotContain(_key, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Insecure_TrustsAnyCertificate() => (await BenchCall.RunAsync([.. _server, "--insecure", "--header", $"X-API-Key: {_key}"])).AssertClean();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WrongAuthority_IsSaid(bool isRpc)
    {
        var call = await BenchCall.RunAsync([.. _server[..^4], "--encoding", isRpc ? "grpc" : "json", "--ca", _fixture.Folder.Write("other.pem", _stranger.Pem), "--header", $"X-API-Key: {_key}"]);

        Assert.Equal(BenchCommand.Failure, call.Code);
        Assert.Contains("certificate", call.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoKey_IsSaid()
    {
        var call = await BenchCall.RunAsync([.. _server, "--insecure"]);

        Assert.Equal(BenchCommand.Failure, call.Code);
        Assert.Contains("401", call.Errors, StringComparison.Ordinal);
    }
}
