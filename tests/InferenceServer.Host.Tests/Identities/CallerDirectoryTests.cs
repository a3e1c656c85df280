using InferenceServer.Core.Access;
using InferenceServer.Host.Identities;
using InferenceServer.Testing.Certificates;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Host.Tests.Identities;

public sealed class CallerDirectoryTests
{
    private static readonly DateTimeOffset s_now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly QuotaTable _quotas = new(new FakeTimeProvider());

    [Fact]
    public void FindKey_TheKeyItself_FindsItsCaller()
    {
        var key = ApiKey.Make("web");
        var directory = Make(Entry("web", ProofKind.Key, ApiKey.Hash(key)[ApiKey.HashPrefix.Length..]));
        Assert.Equal("web", directory.FindKey(key, s_now)?.Id);
        var other = ApiKey.Make("web");
        Assert.All(
            new[] { "", ".", "web", "web.", key[..^1], key + "x", other, key.ToUpperInvariant(), "bew" + key[3..], " " + key, key + "\0", key[4..], new string('a', 600), "web." + new string('a', 600), "web.ü" },
            wrong => Assert.Null(directory.FindKey(wrong, s_now)));
    }

    [Fact]
    public void FindKey_AfterItsEnd_FindsNobody()
    {
        var key = ApiKey.Make("web");
        var directory = Make(Entry("web", ProofKind.Key, ApiKey.Hash(key)[ApiKey.HashPrefix.Length..]) with { Expires = s_now });
        Assert.NotNull(directory.FindKey(key, s_now.AddTicks(-1)));
        Assert.Null(directory.FindKey(key, s_now));
    }

    [Fact]
    public void FindKey_Right_AllocatesNothing()
    {
        var key = ApiKey.Make("web");
        var directory = Make(Entry("web", ProofKind.Key, ApiKey.Hash(key)[ApiKey.HashPrefix.Length..]));
        directory.FindKey(key, s_now);
        var least = long.MaxValue;
        for (var run = 0; run < 10; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            directory.FindKey(key, s_now);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void FindCertificate_ByEachKindOfName_FindsItsCaller()
    {
        using var authority = new TestAuthority("ca");
        using var certificate = authority.IssueClient("robot", "spiffe://cluster/robot");
        Assert.Equal("x", Make(Entry("x", ProofKind.Subject, "CN=robot")).FindCertificate(certificate)?.Caller.Id);
        Assert.Equal("x", Make(Entry("x", ProofKind.Dns, "robot.example")).FindCertificate(certificate)?.Caller.Id);
        Assert.Equal("x", Make(Entry("x", ProofKind.Uri, "spiffe://cluster/robot")).FindCertificate(certificate)?.Caller.Id);
        Assert.Null(Make(Entry("x", ProofKind.Dns, "spiffe://cluster/robot"), Entry("y", ProofKind.Subject, "robot"), Entry("z", ProofKind.Uri, "spiffe://cluster/robo")).FindCertificate(certificate));
    }

    [Fact]
    public void Quota_OverAReload_IsTheSameUnlessItsLimitsChange()
    {
        var entry = Entry("web", ProofKind.Subject, "CN=web") with { Limits = new CallerLimits(1, 1, null) };
        var first = _quotas.Of("web", entry.Limits);
        Assert.Same(first, _quotas.Of("web", new CallerLimits(1, 1, null)));
        Assert.NotSame(first, _quotas.Of("web", new CallerLimits(2, 1, null)));
    }

    [Fact]
    public void Quota_OfMoreSubjectsThanAreToldApart_IsSharedWhileTheyAreBusy()
    {
        var time = new FakeTimeProvider();
        var quotas = new QuotaTable(time, maxTokens: 2);
        var limits = new CallerLimits(1, 1, null);
        quotas.OfToken("a", limits).TrySpend(out _);
        quotas.OfToken("b", limits).TrySpend(out _);
        Assert.Same(quotas.OfToken("c", limits), quotas.OfToken("d", limits));
        Assert.Equal(2, quotas.TokenCount);

        // Those who have been still for long enough are forgotten.
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.NotSame(quotas.OfToken("c", limits), quotas.OfToken("d", limits));
    }

    private CallerDirectory Make(params AccessEntry[] entries) => new(new AccessFile([.. entries], CallerLimits.None), _quotas);

    private static AccessEntry Entry(string id, ProofKind kind, string proof) => new(id, kind, proof, [new AccessGrant(AccessScopes.Inference, ModelPatterns.All)], CallerLimits.None, null);
}
