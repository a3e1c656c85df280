using System.Security.Cryptography;
using System.Text.Json;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

/// <summary>Tokens of an issuer that publishes its keys, on loopback.</summary>
public sealed class IssuerTests : IAsyncDisposable
{
    private readonly ECDsa _first = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _second = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly WebApplication _issuer;
    private volatile JsonWebKey[] _published = [];

    public IssuerTests()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        _issuer = builder.Build();
        _issuer.UseRouting();
        _issuer.MapGet("/.well-known/openid-configuration", (RequestDelegate)(context => context.Response.WriteAsync(JsonSerializer.Serialize(new { issuer = Address, jwks_uri = Address + "/keys" }))));
        _issuer.MapGet("/keys", (RequestDelegate)(context => context.Response.WriteAsync(JsonSerializer.Serialize(new
        {
            keys = _published.Select(static key => new { kty = key.Kty, crv = key.Crv, x = key.X, y = key.Y, kid = key.Kid, use = "sig" }),
        }))));
        _published = [Public(_first, "1")];
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Address => _issuer.Urls.Single();

    public async ValueTask DisposeAsync()
    {
        await _issuer.DisposeAsync();
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task Token_OfTheIssuer_HasItsRights_AndNewKeysAreFound()
    {
        await _issuer.StartAsync(Cancellation);
        await using var server = await RunningServer.StartAsync(
            SampleServer.Repository,
            flags: ["--model-control-mode=explicit", "--load-model=add_sub", $"--jwt-issuer={Address}", "--jwt-audience=models", "--jwt-allow-http=true", "--jwt-models-claim=models"]);
        var token = Sign(_first, "1");
        await Waiting.UntilAsync(async () => await StatusAsync(server, "/v2", token) == 200);
        Assert.Equal(200, await StatusAsync(server, "/v2/models/add_sub", token));
        Assert.Equal(403, await StatusAsync(server, "/v2/models/other", token));
        Assert.Equal(403, await StatusAsync(server, "/v2/logging", token, HttpMethod.Post));
        Assert.Equal(401, await StatusAsync(server, "/v2", null));
        Assert.Equal(401, await StatusAsync(server, "/v2", token[..^2]));
        Assert.Equal(401, await StatusAsync(server, "/v2", Sign(_second, "1")));
        Assert.Equal(401, await StatusAsync(server, "/v2", Sign(_first, "1", audience: "others")));
        Assert.Equal("add_sub", (await server.Rpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "add_sub" }, new Metadata { { "authorization", "Bearer " + token } }, cancellationToken: Cancellation)).Name);

        // The issuer changes its keys; whoever has a token of the new one is waited for, and one of the key that is gone is not taken any more.
        _published = [Public(_second, "2")];
        await Waiting.UntilAsync(async () => await StatusAsync(server, "/v2", Sign(_second, "2")) == 200);
        Assert.Equal(401, await StatusAsync(server, "/v2", token));
        Assert.All(server.Log.Events, one => Assert.DoesNotContain(token.Split('.')[2], one.RenderMessage(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_WhileTheIssuerIsNotThere_IsNeitherTakenNorRefused()
    {
        await _issuer.StartAsync(Cancellation);
        var address = Address;
        await _issuer.StopAsync(Cancellation);
        await using var server = await RunningServer.StartAsync(
            SampleServer.Repository, flags: ["--model-control-mode=explicit", $"--jwt-issuer={address}", "--jwt-audience=models", "--jwt-allow-http=true"]);
        Assert.Equal(503, await StatusAsync(server, "/v2", Sign(_first, "1", issuer: address)));
        Assert.Equal(401, await StatusAsync(server, "/v2", "web.key"));
        Assert.Equal(200, await StatusAsync(server, "/v2/health/live", null));
    }

    private static JsonWebKey Public(ECDsa key, string id)
    {
        var web = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new ECDsaSecurityKey(key) { KeyId = id });
        web.D = null;
        return web;
    }

    private string Sign(ECDsa key, string id, string audience = "models", string? issuer = null) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = issuer ?? Address,
        Audience = audience,
        Expires = DateTime.UtcNow.AddMinutes(30),
        Claims = new Dictionary<string, object> { ["sub"] = "alice", ["scope"] = "inference metadata", ["models"] = new[] { "add_*" } },
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(key) { KeyId = id }, "ES256"),
    });

    private static async Task<int> StatusAsync(RunningServer server, string path, string? token, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        using var response = await server.Http.SendAsync(request, Cancellation);
        return (int)response.StatusCode;
    }
}
