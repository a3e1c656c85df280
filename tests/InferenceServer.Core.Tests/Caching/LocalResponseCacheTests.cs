using InferenceServer.Core.Caching;
using InferenceServer.Testing.Tensors;
using Xunit;
using static InferenceServer.Core.Tests.Caching.CacheFixture;

namespace InferenceServer.Core.Tests.Caching;

public sealed class LocalResponseCacheTests
{
    private static readonly long s_size = SizeOf(1000);

    /// <summary>Stores are letters, lookups are letters with a question mark; what is left is told from the most recently used on, with how many were evicted.</summary>
    [Theory]
    [InlineData("a b c", "abc", 0)]
    [InlineData("a b c d", "bcd", 1)]
    [InlineData("a b c a? d", "acd", 1)]
    [InlineData("a b c a? b? d", "abd", 1)]
    [InlineData("a b c c? b? a? d e", "ade", 2)]
    [InlineData("a b c a d", "bcd", 1)]
    [InlineData("a b c z? d", "bcd", 1)]
    [InlineData("a b c d e f", "def", 3)]
    public void Store_WhenFull_DropsWhatWasLeastRecentlyUsed(string steps, string left, int evictions)
    {
        var cache = new LocalResponseCache(3 * s_size);
        foreach (var step in steps.Split(' '))
        {
            if (step.EndsWith('?'))
            {
                Find(cache, step[0])?.Dispose();
            }
            else
            {
                Store(cache, step[0], 1000);
            }
        }

        var found = string.Concat("abcdef".Where(letter => IsThere(cache, letter)));
        Assert.Equal(left, found);
        Assert.Equal(new LocalCacheReport(left.Length, left.Length * s_size, 3 * s_size, evictions), cache.Read().Local);
    }

    [Fact]
    public void Store_LargerThanTheCache_KeepsWhatIsThere()
    {
        var cache = new LocalResponseCache(3 * s_size);
        Store(cache, 'a', 1000);
        Store(cache, 'b', 6000);

        Assert.True(IsThere(cache, 'a'));
        Assert.False(IsThere(cache, 'b'));
        Assert.False(cache.HasRoomFor((3 * s_size) + 1));
        Assert.True(cache.HasRoomFor(3 * s_size));
    }

    [Fact]
    public void Store_LargeOne_DropsAsManyAsItNeeds()
    {
        var cache = new LocalResponseCache(3 * s_size);
        Store(cache, 'a', 1000);
        Store(cache, 'b', 1000);
        Store(cache, 'c', 1000);
        Store(cache, 'd', 1500);

        Assert.Equal("cd", string.Concat("abcd".Where(letter => IsThere(cache, letter))));
        Assert.InRange(cache.Read().Local!.Bytes, 1, 3 * s_size);
    }

    [Fact]
    public void EvictedAnswer_LivesUntilItsLastReader()
    {
        var cache = new LocalResponseCache(s_size);
        Store(cache, 'a', 1000, value: 7);
        var read = Find(cache, 'a')!;
        var buffer = read.Outputs[0].Buffer;
        Store(cache, 'b', 1000);

        Assert.False(IsThere(cache, 'a'));
        Assert.Equal(1, buffer.Count);
        Assert.All(TestTensor.Read<byte>(read.Outputs[0]), static value => Assert.Equal(7, value));
        read.Dispose();
        Assert.Equal(0, buffer.Count);
    }

    [Fact]
    public void Forget_DropsTheAnswersOfOneOwnerAlone()
    {
        var cache = new LocalResponseCache(10 * s_size);
        var (one, other) = (new object(), new object());
        Store(cache, 'a', 1000, owner: one);
        Store(cache, 'b', 1000, owner: other);
        Store(cache, 'c', 1000, owner: one);
        cache.Forget(one);

        Assert.Equal("b", string.Concat("abc".Where(letter => IsThere(cache, letter))));
        Assert.Equal(new LocalCacheReport(1, s_size, 10 * s_size, 0), cache.Read().Local);
    }

    [Fact]
    public async Task ManyAtOnce_StayWithinTheBoundAndLoseNoCount()
    {
        var cache = new LocalResponseCache(5 * s_size);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 2000; i++)
            {
                var letter = (char)('a' + random.Next(12));
                if (Find(cache, letter) is { } found)
                {
                    Assert.Equal((byte)letter, found.Outputs[0].Span[0]);
                    found.Dispose();
                }
                else
                {
                    Store(cache, letter, 1000, (byte)letter);
                }

                Assert.InRange(cache.Read().Local!.Bytes, 0, 5 * s_size);
            }
        })));
        for (var letter = 'a'; letter < 'm'; letter++)
        {
            if (Find(cache, letter) is { } found)
            {
                Assert.Equal(2, found.Outputs[0].Buffer.Count);
                found.Dispose();
            }
        }
    }

    private static long SizeOf(int bytes)
    {
        using var answer = Answer(bytes);
        return answer.Bytes;
    }

    private static void Store(LocalResponseCache cache, char key, int bytes, byte value = 1, object? owner = null)
    {
        using var answer = Answer(bytes, value);
        cache.Store(Key((byte)key), answer, owner ?? cache);
    }

    private static CachedAnswer? Find(LocalResponseCache cache, char key)
    {
        var found = cache.FindAsync(Key((byte)key));
        return found.IsCompletedSuccessfully ? found.Result : throw new InvalidOperationException("a cache in memory has its answer at once");
    }

    private static bool IsThere(LocalResponseCache cache, char key)
    {
        using var found = Find(cache, key);
        return found is not null;
    }
}
