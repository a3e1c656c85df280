using System.Text;
using InferenceServer.Core.Access;
using InferenceServer.Host.Identities;
using Xunit;

namespace InferenceServer.Host.Tests.Identities;

public sealed class AccessFileReaderTests
{
    private const string Hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    private const string Grants = """[{"scopes": ["inference"], "models": ["*"]}]""";

    [Fact]
    public void Read_WholeFile_IsUnderstood()
    {
        var file = Read($$"""
            {
              // Those who bring keys.
              "keys": [
                {"id": "web", "hash": "{{Hash}}", "grants": [{"scopes": ["inference", "metadata"], "models": ["a", "b*"]}, {"scopes": ["control"], "models": ["c"]}],
                 "limits": {"requests_per_second": 2.5, "burst": 10, "concurrent_requests": 4}, "expires": "2030-01-31T00:00:00Z"},
              ],
              "certificates": [{"id": "mesh", "uri": "spiffe://cluster/web", "grants": {{Grants}} }],
              "tokens": {"limits": {"requests_per_second": 7} }
            }
            """, out var problems);
        Assert.Empty(problems);
        Assert.Equal(new CallerLimits(7, 7, null), file.TokenLimits);
        var (key, certificate) = (file.Entries[0], file.Entries[1]);
        Assert.Equal(("web", ProofKind.Key, Hash["sha256:".Length..]), (key.Id, key.Kind, key.Proof));
        Assert.Equal(new CallerLimits(2.5, 10, 4), key.Limits);
        Assert.Equal(new DateTimeOffset(2030, 1, 31, 0, 0, 0, TimeSpan.Zero), key.Expires);
        Assert.Equal([AccessScopes.Inference | AccessScopes.Metadata, AccessScopes.Control], key.Grants.Select(static grant => grant.Scopes));
        Assert.True(key.Grants[0].Models.Match("bx"));
        Assert.False(key.Grants[0].Models.Match("c"));
        Assert.Equal(("mesh", ProofKind.Uri, "spiffe://cluster/web"), (certificate.Id, certificate.Kind, certificate.Proof));
    }

    [Theory]
    [InlineData("", "it is no JSON: line 1")]
    [InlineData("[]", "the file: expected an object, got a list")]
    [InlineData("""{"key": []}""", "unknown member 'key'; did you mean 'keys'?")]
    [InlineData("""{"keys": {}}""", "keys: expected a list, got an object")]
    [InlineData("""{"keys": [7]}""", "keys[0]: expected an object, got a number")]
    [InlineData("""{"keys": [{"hash": "$H", "grants": $G}]}""", "keys[0].id: expected a text")]
    [InlineData("""{"keys": [{"id": "a b", "hash": "$H", "grants": $G}]}""", "keys[0].id: expected 1 to 64 letters")]
    [InlineData("""{"keys": [{"id": "a", "grants": $G}]}""", "keys[0].hash: expected a text")]
    [InlineData("""{"keys": [{"id": "a", "hash": "SECRET", "grants": $G}]}""", "keys[0].hash: expected 'sha256:' and 64")]
    [InlineData("""{"keys": [{"id": "a", "hash": "$H"}]}""", "keys[0].grants: expected a list of rights")]
    [InlineData("""{"keys": [{"id": "a", "hash": "$H", "grants": []}]}""", "keys[0].grants: expected a list of rights")]
    [InlineData("""{"keys": [{"id": "a", "hash": "$H", "grants": [{"scopes": ["infer"], "models": ["*"]}]}]}""", "keys[0].grants[0].scopes: expected control, inference")]
    [InlineData("""{"keys": [{"id": "a", "hash": "$H", "grants": [{"scopes": ["inference"]}]}]}""", "keys[0].grants[0].models: expected a list of texts")]
    [InlineData("""{"keys": [{"id": "a", "hash": "$H", "grants": $G, "limits": {"requests_per_second": 0}}]}""", "keys[0].limits.requests_per_second: expected a number from 0.001")]
    [InlineData("""{"keys": [{"id": "a", "hash": "$H", "grants": $G, "limits": {"burst": 5}}]}""", "there is no burst without requests_per_second")]
    [InlineData("""{"keys": [{"id": "a", "hash": "$H", "grants": $G, "expires": "soon"}]}""", "keys[0].expires: expected a time")]
    [InlineData("""{"keys": [{"id": "a", "id": "b", "hash": "$H", "grants": $G}]}""", "the member 'id' is there twice")]
    [InlineData("""{"keys": [{"id": "a", "hash": "$H", "grants": $G}, {"id": "a", "hash": "$H", "grants": $G}]}""", "the id 'a' is there 2 times")]
    [InlineData("""{"certificates": [{"id": "a", "grants": $G}]}""", "certificates[0]: expected one of subject, dns, uri and email, got none")]
    [InlineData("""{"certificates": [{"id": "a", "dns": "x", "uri": "y", "grants": $G}]}""", "got dns and uri")]
    [InlineData("""{"certificates": [{"id": "a", "dns": "x", "grants": $G}, {"id": "b", "dns": "x", "grants": $G}]}""", "'a' and 'b' have the same name")]
    public void Read_Mistake_IsToldWithItsPlaceAndWithoutSecrets(string text, string words)
    {
        Read(text.Replace("$H", Hash, StringComparison.Ordinal).Replace("$G", Grants, StringComparison.Ordinal), out var problems);
        Assert.Contains(words, Assert.Single(problems), StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", problems[0], StringComparison.Ordinal);
    }

    private static AccessFile Read(string text, out IReadOnlyList<string> problems) => AccessFileReader.Read(Encoding.UTF8.GetBytes(text), out problems);
}
