using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Host.Options;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class CacheConfigTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(1048576L, "--cache-config=local,size=1048576")]
    [InlineData(5L, "--cache-config", "local,size=4", "--cache-config=local,size=5")]
    [InlineData(1048576L, "--response-cache-byte-size=1048576")]
    [InlineData(null, "--response-cache-byte-size=0")]
    public void CacheInMemory_HasTheSizeThatIsGiven(long? bytes, params string[] args)
    {
        var options = Read(args, out var errors);

        Assert.Empty(errors);
        Assert.Equal((bytes, null), (options.ResponseCache.Local.LocalBytes, options.ResponseCache.Redis));
    }

    [Fact]
    public void Redis_TakesOneSettingAFlag()
    {
        var options = Read(["--cache-config=redis,host=r", "--cache-config=redis,port=7000", "--cache-config=redis,password=a=b,c"], out var errors);

        Assert.Empty(errors);
        Assert.Null(options.ResponseCache.Local.LocalBytes);
        Assert.Equal(("r", 7000, "a=b,c"), (options.ResponseCache.Redis!.Host, options.ResponseCache.Redis.Port, options.ResponseCache.Redis.Password));
    }

    [Theory]
    [InlineData("expected <cache>,<key>=<value>", "--cache-config=size=4")]
    [InlineData("expected <cache>,<key>=<value>", "--cache-config=local")]
    [InlineData("expected <cache>,<key>=<value>", "--cache-config=local,size")]
    [InlineData("there is no cache 'locl', expected local or redis; did you mean 'local'?", "--cache-config=locl,size=4")]
    [InlineData("'sise' is no setting of cache 'local', expected size; did you mean 'size'?", "--cache-config=local,sise=4")]
    [InlineData("size expects a whole number of bytes of at least 1, got '0'", "--cache-config=local,size=0")]
    [InlineData("size expects a whole number of bytes of at least 1, got '1MB'", "--cache-config=local,size=1MB")]
    [InlineData("'hosts' is no setting of cache 'redis'", "--cache-config=redis,host=r", "--cache-config=redis,hosts=r")]
    [InlineData("redis expects a host", "--cache-config=redis,port=6379")]
    [InlineData("a server has one response cache, got local and redis", "--cache-config=local,size=4", "--cache-config=redis,host=r")]
    [InlineData("in another spelling, expected one of the two", "--cache-config=local,size=4", "--response-cache-byte-size=4")]
    [InlineData("--response-cache-byte-size: expected a whole number of at least 0, got '-1'", "--response-cache-byte-size=-1")]
    [InlineData("caches are built in", "--cache-directory=/caches")]
    public void WhatCannotBe_IsToldOnce(string expected, params string[] args)
    {
        Read(args, out var errors);

        Assert.Contains(expected, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Mistakes_RepeatNoPassword()
    {
        Read(["--cache-config=redis,password", "--cache-config=redispassword=hush", "--cache-config=redis,pass=hush"], out var errors);

        Assert.Equal(3, errors.Count + 1);
        Assert.All(errors, static error => Assert.DoesNotContain("hush", error, StringComparison.Ordinal));
    }

    private static ServerOptions Read(string[] args, out IReadOnlyList<string> errors)
    {
        var files = new MockFileSystem();
        files.AddDirectory("/samples");
        var built = new ConfigurationBuilder().Build();
        return ServerOptionsReader.Read(built, CommandLine.Parse(args), "/samples", files, [.. Host.Startup.ServerHost.MakeBackends(TimeProvider.System).Select(static backend => backend.Descriptor)], out errors);
    }
}
