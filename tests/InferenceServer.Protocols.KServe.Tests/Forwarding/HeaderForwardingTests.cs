using System.Net;
using Grpc.Core;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Forwarding;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Tests.Http;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Forwarding;

public sealed class HeaderForwardingTests
{
    private const string Body = """{"parameters":{"x-user-name":1,"other":2},"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[4]}]}""";

    [Theory]
    [InlineData("a(b")]
    [InlineData("(?=a)b")]
    [InlineData(@"(a)\1")]
    public void TryCreate_PatternThatCannotBeSearchedFor_IsRefused(string pattern)
    {
        Assert.False(HeaderForwarding.TryCreate(pattern, out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public async Task Infer_MatchingHeaders_BecomeTextsAndWinOverTheBody()
    {
        var (model, server) = await StartHttpAsync("user|^x-trace$");
        await using (server)
        {
            Assert.Equal(HttpStatusCode.OK, await PostAsync(server, ("X-USER-Name", "joe"), ("x-user-name", "ann"), ("x-trace", "7"), ("x-trace-2", "8")));
            var parameters = model.Scheduler.LastParameters;
            Assert.Equal(ParameterValue.FromString("7"), parameters["x-trace"]);
            Assert.Equal(ParameterValue.FromInt64(2), parameters["other"]);
            Assert.Equal(ParameterValue.FromString("joe, ann"), parameters["X-USER-Name"]);
            Assert.Equal(["X-USER-Name", "other", "x-trace"], parameters.Keys.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Infer_HeaderNamedAsAParameterOfTheBody_Replaces()
    {
        var (model, server) = await StartHttpAsync("user");
        await using (server)
        {
            await PostAsync(server, ("x-user-name", "joe"));
            Assert.Equal(ParameterValue.FromString("joe"), model.Scheduler.LastParameters["x-user-name"]);
        }
    }

    [Theory]
    [InlineData("sequence_id")]
    [InlineData("timeout")]
    [InlineData("Timeout")]
    [InlineData("TRITON_anything")]
    [InlineData("triton_anything")]
    public async Task Infer_ReservedName_IsRefused(string name)
    {
        var (_, server) = await StartHttpAsync("_|time");
        await using (server)
        {
            Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(server, (name, "1")));
        }
    }

    [Fact]
    public async Task Infer_NoPattern_ForwardsNothing()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        await using var server = await KServeServer.StartAsync(model);
        await PostAsync(server, ("x-user", "joe"));
        Assert.Equal(["other", "x-user-name"], model.Scheduler.LastParameters.Keys.Order());
    }

    [Fact]
    public async Task ModelInfer_MatchingMetadata_BecomeTexts()
    {
        Assert.True(HeaderForwarding.TryCreate("X-(user|raw)", out var forwarding, out _));
        await using var server = await RpcServer.StartAsync(new KServeRpcOptions { HeaderForwarding = forwarding });
        Dictionary<string, ParameterValue> seen = [];
        server.Engine.Handler = (request, _) =>
        {
            seen = new(request.Parameters);
            return ValueTask.FromResult(FakeEngine.Echo(request));
        };
        var metadata = new Metadata { { "x-user", "joe" }, { "x-user", "ann" }, { "x-raw-bin", [1, 2, 3] }, { "other", "1" } };
        await server.Client.ModelInferAsync(Messages.Raw("UINT8", [1], [7]), metadata, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(ParameterValue.FromString("joe, ann"), seen["x-user"]);
        Assert.Equal(ParameterValue.FromString("AQID"), seen["x-raw-bin"]);
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task ModelInfer_ReservedKey_IsRefused()
    {
        Assert.True(HeaderForwarding.TryCreate("priority", out var forwarding, out _));
        await using var server = await RpcServer.StartAsync(new KServeRpcOptions { HeaderForwarding = forwarding });
        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.ModelInferAsync(
            Messages.Raw("UINT8", [1], [7]), new Metadata { { "priority", "1" } }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("'priority' is reserved", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Forward_Credentials_StayHere()
    {
        Assert.True(HeaderForwarding.TryCreate(".", out var forwarding, out _));
        var parameters = new Dictionary<string, ParameterValue>();
        Assert.Null(forwarding.Forward([new("Authorization", "Bearer x"), new("x-api-key", "x"), new("cookie", "x"), new("x-tenant", "t")], parameters));
        Assert.Equal(["x-tenant"], parameters.Keys);
    }

    private static async Task<(EchoModel Model, KServeServer Server)> StartHttpAsync(string pattern)
    {
        Assert.True(HeaderForwarding.TryCreate(pattern, out var forwarding, out _));
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        return (model, await KServeServer.StartAsync(new KServeHttpOptions { HeaderForwarding = forwarding }, model));
    }

    private static async Task<HttpStatusCode> PostAsync(KServeServer server, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/echo/infer") { Content = new StringContent(Body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
