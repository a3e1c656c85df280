using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using InferenceServer.Core.Access;
using InferenceServer.Host.Tokens;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace InferenceServer.Host.Tests.Tokens;

public sealed class TokenValidatorTests : IDisposable
{
    private const string Issuer = "https://issuer.example";
    private static readonly DateTimeOffset s_now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly RSA _next = RSA.Create(2048);
    private readonly FakeTimeProvider _time = new(s_now);
    private readonly FakeKeys _keys = new();

    public TokenValidatorTests() => _keys.Current = [Key(_rsa, "k1")];

    public void Dispose()
    {
        _rsa.Dispose();
        _next.Dispose();
    }

    [Fact]
    public async Task Validate_GoodToken_SaysWhoAndWhat()
    {
        var outcome = await AskAsync(Sign());
        Assert.Equal("token:alice", outcome.Subject);
        Assert.Equal(AccessScopes.Inference | AccessScopes.Metadata, outcome.Grant!.Scopes);
        Assert.True(outcome.Grant.Models.IsAll);
    }

    public static TheoryData<string, Action<SecurityTokenDescriptor>> WrongTokens => new()
    {
        { "another issuer", static token => token.Issuer = "https://other.example" },
        { "the issuer with a slash", static token => token.Issuer += "/" },
        { "no issuer", static token => token.Issuer = null },
        { "another audience", static token => token.Audience = "billing" },
        { "no audience", static token => token.Audience = null },
        { "ended", static token => token.Expires = s_now.UtcDateTime.AddSeconds(-31) },
        { "not begun", static token => token.NotBefore = s_now.UtcDateTime.AddSeconds(40) },
        { "no subject", static token => token.Claims!.Remove("sub") },
    };

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task Validate_WrongToken_IsNotTaken(string what, Action<SecurityTokenDescriptor> change)
    {
        Assert.NotEmpty(what);
        Assert.Equal(default, await AskAsync(Sign(change)));
    }

    [Fact]
    public async Task Validate_WithinTheSkew_IsTaken()
    {
        Assert.NotNull((await AskAsync(Sign(static token => token.Expires = s_now.UtcDateTime.AddSeconds(-29)))).Subject);
        Assert.NotNull((await AskAsync(Sign(static token => token.NotBefore = s_now.UtcDateTime.AddSeconds(29)))).Subject);
    }

    [Fact]
    public async Task Validate_TokenWithoutAnEnd_IsNotTaken()
    {
        var handler = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false };
        Assert.Equal(default, await AskAsync(handler.CreateToken(Describe(static token => token.Expires = null))));
    }

    [Fact]
    public async Task Validate_OtherAlgorithm_IsNotTaken()
    {
        // Nobody's signature, and the public key taken for a shared secret.
        var parts = Sign().Split('.');
        var none = $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}.";
        Assert.Equal(default, await AskAsync(none));
        var secret = new SymmetricSecurityKey(_rsa.ExportSubjectPublicKeyInfo()) { KeyId = "k1" };
        Assert.Equal(default, await AskAsync(Sign(token => token.SigningCredentials = new SigningCredentials(secret, "HS256"))));
        Assert.Equal(default, await AskAsync(Sign(token => token.SigningCredentials = new SigningCredentials(Key(_rsa, "k1"), "RS512"))));
    }

    [Fact]
    public async Task Validate_Tampered_IsNotTaken()
    {
        var parts = Sign().Split('.');
        var payload = Encoding.UTF8.GetString(Base64UrlEncoder.DecodeBytes(parts[1])).Replace("inference", "control", StringComparison.Ordinal);
        Assert.Equal(default, await AskAsync($"{parts[0]}.{Encode(payload)}.{parts[2]}"));
        Assert.Equal(default, await AskAsync("a.b.c"));
        Assert.Equal(default, await AskAsync(".."));
        Assert.Equal(default, await AskAsync(Sign() + new string('x', 20_000)));
    }

    [Fact]
    public async Task Validate_UnknownKey_IsLookedForOnce()
    {
        var token = Sign(token => token.SigningCredentials = new SigningCredentials(Key(_next, "k2"), "RS256"));
        Assert.Equal(default, await AskAsync(token));
        Assert.Equal(1, _keys.Refreshes);
        _keys.AfterRefresh = [Key(_rsa, "k1"), Key(_next, "k2")];
        Assert.NotNull((await AskAsync(token)).Subject);

        // A key that claims another's name does not become it.
        Assert.Equal(default, await AskAsync(Sign(token => token.SigningCredentials = new SigningCredentials(Key(_next, "k1"), "RS256"))));
    }

    [Fact]
    public async Task Validate_WithoutKeys_DecidesNothing()
    {
        _keys.Current = [];
        Assert.True((await AskAsync(Sign())).IsUndecided);
    }

    [Theory]
    [InlineData("scope", "infer:inference infer:control other", AccessScopes.Inference | AccessScopes.Control)]
    [InlineData("scope", "inference", AccessScopes.None)]
    [InlineData("scp", "infer:metrics", AccessScopes.Metrics)]
    public async Task Validate_Scopes_AreThoseWithThePrefix(string claim, string value, AccessScopes expected)
    {
        var token = Sign(token =>
        {
            token.Claims!.Remove("scope");
            token.Claims[claim] = claim == "scp" ? value.Split(' ') : value;
        });
        Assert.Equal(expected, (await AskAsync(token, Options with { ScopePrefix = "infer:" })).Grant!.Scopes);
    }

    [Fact]
    public async Task Validate_ModelsClaim_LimitsTheToken()
    {
        var options = Options with { ModelsClaim = "models" };
        var some = (await AskAsync(Sign(static token => token.Claims!["models"] = new[] { "a", "b*" }), options)).Grant!.Models;
        Assert.True(some.Match("a") && some.Match("bc") && !some.Match("c"));
        Assert.True((await AskAsync(Sign(static token => token.Claims!["models"] = "a c"), options)).Grant!.Models.Match("c"));
        Assert.False((await AskAsync(Sign(), options)).Grant!.Models.Match("a"));
    }

    [Fact]
    public void KeySet_SharedSecrets_AreLeftOut()
    {
        Assert.False(KeySetReader.TryRead("""{"keys":[{"kty":"oct","k":"AAAA","kid":"k"}]}"""u8, out _, out var problem));
        Assert.Contains("no public key", problem, StringComparison.Ordinal);
        Assert.False(KeySetReader.TryRead("[]"u8, out _, out _));
        Assert.False(KeySetReader.TryRead("no json"u8, out _, out _));
    }

    private static TokenOptions Options { get; } = new() { Issuer = Issuer, Audiences = ["models"], Algorithms = ["RS256", "ES256"], ClockSkew = TimeSpan.FromSeconds(30), ScopePrefix = "", ModelsClaim = "" };

    private async Task<TokenOutcome> AskAsync(string token, TokenOptions? options = null) => await new TokenValidator(options ?? Options, _keys, _time).ValidateAsync(token);

    private string Sign(Action<SecurityTokenDescriptor>? change = null) => new JsonWebTokenHandler().CreateToken(Describe(change));

    private SecurityTokenDescriptor Describe(Action<SecurityTokenDescriptor>? change)
    {
        var token = new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = "models",
            IssuedAt = s_now.UtcDateTime,
            NotBefore = s_now.UtcDateTime.AddMinutes(-1),
            Expires = s_now.UtcDateTime.AddMinutes(5),
            Claims = new Dictionary<string, object> { ["sub"] = "alice", ["scope"] = "inference metadata" },
            SigningCredentials = new SigningCredentials(Key(_rsa, "k1"), "RS256"),
        };
        change?.Invoke(token);
        return token;
    }

    private static RsaSecurityKey Key(RSA rsa, string id) => new(rsa) { KeyId = id };

    private static string Encode(string text) => Base64UrlEncoder.Encode(text);

    private sealed class FakeKeys : ISigningKeys
    {
        public ImmutableArray<SecurityKey> Current { get; set; }

        public ImmutableArray<SecurityKey>? AfterRefresh { get; set; }

        public int Refreshes { get; private set; }

        public Task RefreshAsync()
        {
            Refreshes++;
            Current = AfterRefresh ?? Current;
            return Task.CompletedTask;
        }
    }
}
