using System.IO.Abstractions;
using InferenceServer.Caches.Redis.Settings;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Caches.Redis.Tests.Settings;

public sealed class RedisSettingsReaderTests
{
    [Fact]
    public void Read_HostAlone_LeavesTheDefaults()
    {
        var settings = Read("host=r", out var problems);

        Assert.Empty(problems);
        Assert.Equal(("r", 6379, 0, 1, false), (settings.Host, settings.Port, settings.Database, settings.Connections, settings.UsesTls));
        Assert.Equal((5000, 500), (settings.ConnectTimeout.TotalMilliseconds, settings.SocketTimeout.TotalMilliseconds));
        Assert.Equal((null, null, null, null, null), (settings.User, settings.Password, settings.Certificate, settings.Authorities, settings.ServerName));
    }

    [Fact]
    public void Read_EverySetting_IsTaken()
    {
        var settings = Read("host=r port=1 user=u password=p=q db=3 connect_timeout=10 socket_timeout=20 pool_size=4 tls_enabled=true sni=name", out var problems);

        Assert.Empty(problems);
        Assert.Equal(("r", 1, "u", "p=q", 3, 4), (settings.Host, settings.Port, settings.User, settings.Password, settings.Database, settings.Connections));
        Assert.Equal((10, 20, true, "name"), (settings.ConnectTimeout.TotalMilliseconds, settings.SocketTimeout.TotalMilliseconds, settings.UsesTls, settings.ServerName));
    }

    [Theory]
    [InlineData("port=1", "expects a host")]
    [InlineData("host=r port=0", "port expects a whole number from 1 to 65535, got '0'")]
    [InlineData("host=r port=x", "got 'x'")]
    [InlineData("host=r db=-1", "db expects a whole number from 0")]
    [InlineData("host=r socket_timeout=0", "no request waits for ever")]
    [InlineData("host=r connect_timeout=0", "no request waits for ever")]
    [InlineData("host=r pool_size=65", "pool_size expects a whole number from 1 to 64")]
    [InlineData("host=r wait_timeout=100", "wait_timeout cannot be honoured")]
    [InlineData("host=r tls_enabled=yes", "tls_enabled expects true or false, got 'yes'")]
    [InlineData("host=r sni=a", "sni has no effect without tls_enabled=true")]
    [InlineData("host=r cacert=a", "cacert has no effect without tls_enabled=true")]
    [InlineData("host=r tls_enabled=true cert=/nowhere", "cert and key are of use together only")]
    [InlineData("host=r tls_enabled=true cert=/nowhere/c key=/nowhere/k", "cannot be read as such")]
    [InlineData("host=r tls_enabled=true cacert=/nowhere/c", "cacert expects certificates in PEM, '/nowhere/c'")]
    [InlineData("host=r tls_enabled=true cacert_dir=/nowhere/at/all", "cacert_dir expects a folder")]
    public void Read_WhatCannotBe_IsToldWithItsReason(string settings, string expected)
    {
        Read(settings, out var problems);

        Assert.Contains(expected, Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EnvironmentForUserAndPassword_WhereNoSettingSays()
    {
        Func<string, string?> environment = static name => name switch
        {
            "TRITONCACHE_REDIS_USERNAME" => "from-environment",
            "TRITONCACHE_REDIS_PASSWORD" => "secret",
            _ => null,
        };

        var fromEnvironment = Read("host=r", out _, environment);
        var fromSettings = Read("host=r user=a password=b", out _, environment);
        Assert.Equal(("from-environment", "secret"), (fromEnvironment.User, fromEnvironment.Password));
        Assert.Equal(("a", "b"), (fromSettings.User, fromSettings.Password));
    }

    [Fact]
    public void Read_Problems_NameNoPassword()
    {
        Read("password=hush port=x tls_enabled=no! db=no cert=no", out var problems);

        Assert.All(problems, static problem => Assert.DoesNotContain("hush", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_FolderWithoutCertificates_IsTold()
    {
        using var folder = new TemporaryDirectory();
        Read($"host=r tls_enabled=true cacert_dir={folder.FullPath}", out var problems);

        Assert.Contains("hold no certificate", Assert.Single(problems), StringComparison.Ordinal);
    }

    private static RedisSettings Read(string settings, out List<string> problems, Func<string, string?>? environment = null)
    {
        problems = [];
        return new RedisSettingsReader(new FileSystem(), environment ?? (static _ => null), problems).Read(
            settings.Split(' ').ToDictionary(static pair => pair[..pair.IndexOf('=', StringComparison.Ordinal)], static pair => pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]));
    }
}
