using InferenceServer.Core.Configuration;
using Xunit;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class VersionPolicyTests
{
    public static TheoryData<VersionPolicy, long[]> Cases => new()
    {
        { VersionPolicy.Default, [10] },
        { new VersionPolicy.Latest(2), [9, 10] },
        { new VersionPolicy.Latest(99), [1, 2, 9, 10] },
        { new VersionPolicy.All(), [1, 2, 9, 10] },
        { new VersionPolicy.Specific([9, 1, 7]), [1, 9] },
        { new VersionPolicy.Specific([7]), [] },
    };

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void Select_FromSomeVersions_GivesThemAscending(VersionPolicy policy, long[] expected) =>
        Assert.Equal(expected, policy.Select([10, 1, 9, 2]));

    [Fact]
    public void Select_FromNone_GivesNone() => Assert.Empty(new VersionPolicy.All().Select([]));

    [Fact]
    public void Specific_SameVersions_AreEqual()
    {
        Assert.Equal(new VersionPolicy.Specific([1, 2]), new VersionPolicy.Specific([1, 2]));
        Assert.NotEqual(new VersionPolicy.Specific([1, 2]), new VersionPolicy.Specific([2, 1]));
        Assert.Equal(new VersionPolicy.Specific([1, 2]).GetHashCode(), new VersionPolicy.Specific([1, 2]).GetHashCode());
    }
}
