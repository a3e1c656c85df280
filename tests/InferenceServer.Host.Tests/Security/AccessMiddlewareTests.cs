using System.IO.Abstractions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Host.Identities;
using InferenceServer.Host.Security;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Testing.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Host.Tests.Security;

/// <summary>What no test of the whole server can show, since it has no such endpoint.</summary>
public sealed class AccessMiddlewareTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly string _key = ApiKey.Make("all");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Endpoint_ThatSaysNothingOfItself_IsForNobody()
    {
        Assert.Equal(ErrorCode.PermissionDenied, await AskAsync(new Endpoint(null, new EndpointMetadataCollection(), "new"), _key));
        Assert.Equal(ErrorCode.Unauthenticated, await AskAsync(new Endpoint(null, new EndpointMetadataCollection(), "new"), null));
    }

    [Theory]
    [InlineData(AccessRule.Health, null)]
    [InlineData(AccessRule.Nothing, null)]
    [InlineData(AccessRule.ModelHealth, ErrorCode.Unauthenticated)]
    [InlineData(AccessRule.Inference, ErrorCode.Unauthenticated)]
    [InlineData(AccessRule.Metadata, ErrorCode.Unauthenticated)]
    [InlineData(AccessRule.Control, ErrorCode.Unauthenticated)]
    [InlineData(AccessRule.Settings, ErrorCode.Unauthenticated)]
    [InlineData(AccessRule.SharedMemory, ErrorCode.Unauthenticated)]
    [InlineData(AccessRule.Metrics, ErrorCode.Unauthenticated)]
    public async Task Endpoint_ForAnybody_IsWhatIsPublicAlone(AccessRule rule, ErrorCode? expected)
    {
        var endpoint = new Endpoint(null, new EndpointMetadataCollection(new AccessMetadata(rule) { Action = "x" }), "x");
        Assert.Equal(expected, await AskAsync(endpoint, null));
        Assert.Null(await AskAsync(endpoint, _key));
    }

    [Fact]
    public async Task Credentials_TwoOfThem_AreNotOne()
    {
        var endpoint = new Endpoint(null, new EndpointMetadataCollection(new AccessMetadata(AccessRule.Metadata) { Action = "x" }), "x");
        Assert.Equal(ErrorCode.Unauthenticated, await AskAsync(endpoint, _key, context => context.Request.Headers.Authorization = "Bearer " + _key));
        Assert.Equal(ErrorCode.Unauthenticated, await AskAsync(endpoint, null, context => context.Request.Headers.Authorization = new(["Bearer " + _key, "Bearer " + _key])));
        Assert.Equal(ErrorCode.Unauthenticated, await AskAsync(endpoint, null, context => context.Request.Headers.Authorization = "Basic " + _key));
        Assert.Null(await AskAsync(endpoint, null, context => context.Request.Headers.Authorization = "bearer " + _key));
    }

    private async Task<ErrorCode?> AskAsync(Endpoint endpoint, string? key, Action<HttpContext>? change = null)
    {
        var path = _folder.Write("access.json", $$"""{"keys": [{"id": "all", "hash": "{{ApiKey.Hash(_key)}}", "grants": [{"scopes": ["inference", "metadata", "control", "metrics", "shared-memory"], "models": ["*"]}]}]}""");
        var time = new FakeTimeProvider();
        var callers = new CallerSource(path, new FileSystem(), new QuotaTable(time), NullLogger<CallerSource>.Instance);
        ErrorCode? refused = null;
        var isThrough = false;
        var middleware = new AccessMiddleware(
            _ =>
            {
                isThrough = true;
                return Task.CompletedTask;
            },
            new Authenticator(callers, null, time),
            null!,
            SecurityOptions.Open with { AccessFile = path },
            new AccessRefusals(),
            new AuditLog(NullLogger<AuditLog>.Instance),
            (_, error) =>
            {
                refused = error.Code;
                return Task.CompletedTask;
            });
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.SetEndpoint(endpoint);
        if (key is not null)
        {
            context.Request.Headers["X-API-Key"] = key;
        }

        change?.Invoke(context);
        await middleware.InvokeAsync(context);
        Assert.Equal(refused is null, isThrough);
        return refused;
    }
}
