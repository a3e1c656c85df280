using System.Text;
using InferenceServer.Core.Routing;
using InferenceServer.Testing.Files;
using System.IO.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Routing;

public sealed class AliasReaderTests
{
    [Fact]
    public void File_WithEverything_IsRead()
    {
        var document = AliasReader.ReadAll(Bytes("""
            {"aliases": {
              "live": {
                "targets": [{"model": "m", "version": "1", "weight": 89.5, "stable": true}, {"model": "m", "version": 2, "weight": 10.5}, {"model": "n", "weight": 0}],
                "shadow": {"model": "s", "version": 3, "fraction": 0.25, "max_in_flight": 4, "timeout_ms": 1500},
                "sticky_header": "X-User",
                "rollback": {"max_error_rate": 0.05, "max_latency_ms": 250.5, "min_requests": 50, "window_seconds": 30}
              },
              "small": {"targets": [{"model": "m", "weight": 1}]}
            }}
            """), "aliases.json");

        Assert.Empty(document.Problems);
        Assert.Equal(["live", "small"], document.Aliases.Select(static alias => alias.Config.Name));
        var live = document.Aliases[0].Config;
        Assert.Equal([new AliasTarget("m", 1, 89.5, true), new AliasTarget("m", 2, 10.5, false), new AliasTarget("n", null, 0, false)], live.Targets);
        Assert.Equal(new AliasShadow("s", 3) { Fraction = 0.25, MaxInFlight = 4, Timeout = TimeSpan.FromMilliseconds(1500) }, live.Shadow);
        Assert.Equal("X-User", live.StickyHeader);
        Assert.Equal(new RollbackConfig { MaxErrorRate = 0.05, MaxLatency = TimeSpan.FromMilliseconds(250.5), MinRequests = 50, Window = TimeSpan.FromSeconds(30) }, live.Rollback);

        // The only target is the stable one without being told.
        Assert.True(document.Aliases[1].Config.Targets[0].IsStable);
    }

    [Fact]
    public void WhatIsWritten_ReadsBackToTheSame()
    {
        var config = new AliasConfig("a\u00FC", [new AliasTarget("m \"x\"", 7, 0.1, false), new AliasTarget("n", null, 3, true)])
        {
            Shadow = new AliasShadow("s", null) { Fraction = 0.333 },
            StickyHeader = "x-user",
            Rollback = new RollbackConfig { MaxLatency = TimeSpan.FromMilliseconds(12.5) },
        };
        var document = AliasReader.ReadOne("a\u00FC", AliasJson.Write(config));
        Assert.Empty(document.Problems);
        Assert.True(AliasJson.AreSame(config, document.Aliases.Single().Config));
        Assert.Equal(config.Targets, document.Aliases.Single().Config.Targets);
        Assert.Equal(config.Rollback, document.Aliases.Single().Config.Rollback);
    }

    [Theory]
    [InlineData("", "1:1: this is not JSON")]
    [InlineData("[]", "1:1: alias 'a' must be an object, found an array")]
    [InlineData("{} {}", "this is not JSON")]
    [InlineData("{}", "1:1: alias 'a' has no targets")]
    [InlineData("""{"targets": []}""", "alias 'a' has no targets")]
    [InlineData("""{"targets": 5}""", "1:13: 'targets' of alias 'a' must be an array, found the number 5")]
    [InlineData("""{"tragets": []}""", "1:2: alias 'a' has no member 'tragets'; did you mean 'targets'?")]
    [InlineData("""{"targets": [{"model": "m"}]}""", "a target of alias 'a' has no 'weight'")]
    [InlineData("""{"targets": [{"weight": 1}]}""", "a target of alias 'a' has no 'model'")]
    [InlineData("""{"targets": [{"model": "../m", "weight": 1}]}""", "must be the name of a model, found '../m'")]
    [InlineData("""{"targets": [{"model": "m", "weight": 0}]}""", "the weights of alias 'a' are all 0")]
    [InlineData("""{"targets": [{"model": "m", "weight": -1}]}""", "'weight' of a target of alias 'a' must be a number from 0 to 1000000, found the number -1")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1e999}]}""", "must be a number from 0 to 1000000")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1, "version": 0}]}""", "must be a whole number above 0, found the number 0")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1, "weight": 2}]}""", "'weight' of a target of alias 'a' is there twice")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1}, {"model": "n", "weight": 1}]}""", "has 2 targets, of which 0 are stable, expected one")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1, "stable": true}, {"model": "n", "weight": 1, "stable": true}]}""", "of which 2 are stable")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1, "stable": true}, {"model": "m", "weight": 1}]}""", "has the target 'm' twice")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1}], "shadow": {"model": "m"}}""", "the shadow of alias 'a' is one of its targets")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1}], "shadow": {"fraction": 1.5}}""", "'fraction' of the shadow of alias 'a' must be a number from 0 to 1, found the number 1.5")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1}], "shadow": {"model": "s", "max_in_flight": 1025}}""", "must be a whole number from 1 to 1024")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1}], "sticky_header": "a b"}""", "must be the name of a header of at most 128 characters, found 'a b'")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1}], "rollback": {"max_error_rate": 0.1}}""", "has nothing to watch")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1, "stable": true}, {"model": "n", "weight": 1}], "rollback": {}}""", "the roll-back of alias 'a' has no limit; give 'max_error_rate', 'max_latency_ms' or both")]
    [InlineData("""{"targets": [{"model": "m", "weight": 1, "stable": true}, {"model": "n", "weight": 1}], "rollback": {"max_error_rate": 0.1, "window_seconds": 0}}""", "'window_seconds' of the roll-back of alias 'a' must be a number from 1 to 86400")]
    public void Mistake_IsNamedWithItsPlace(string text, string expected)
    {
        var document = AliasReader.ReadOne("a", Bytes(text));
        Assert.Empty(document.Aliases);
        Assert.Contains(document.Problems, problem => problem.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void MistakesOfAllAliases_AreToldAtOnce()
    {
        var document = AliasReader.ReadAll(Bytes("""
            {"aliases": {
              "a": {"targets": [{"model": "m", "weight": -1}]},
              "b": {"targets": [{"model": "m", "weight": 1}, {"model": "n", "weight": 1}]},
              "/": {"targets": [{"model": "m", "weight": 1}], "shadow": 5}
            }, "more": 1}
            """), "aliases.json");
        Assert.Empty(document.Aliases);
        Assert.Equal(["aliases.json:2:46", "aliases.json:3:3", "aliases.json:4:3", "aliases.json:4:61", "aliases.json:5:4"], document.Problems.Select(static problem => $"{problem.File}:{problem.Line}:{problem.Column}"));
    }

    [Fact]
    public void MoreThanTheLimits_AreRefused()
    {
        var targets = string.Join(',', Enumerable.Range(1, AliasConfig.MaxTargets + 1).Select(static i => $$"""{"model": "m", "version": {{i}}, "weight": 1}"""));
        Assert.Contains("more than 16 entries", string.Join('\n', AliasReader.ReadOne("a", Bytes($$"""{"targets": [{{targets}}]}""")).Problems), StringComparison.Ordinal);
        var aliases = string.Join(',', Enumerable.Range(0, AliasConfig.MaxAliases + 1).Select(static i => $$"""  "a{{i}}": {"targets": [{"model": "m", "weight": 1}]}"""));
        Assert.Contains("more than 1024 aliases", string.Join('\n', AliasReader.ReadAll(Bytes("{\"aliases\": {" + aliases + "}}"), "f").Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_OfSeveralRepositories_CountTogetherAndMayNotShareAName()
    {
        using var folder = new TemporaryDirectory();
        folder.Write("one/aliases.json", """{"aliases": {"a": {"targets": [{"model": "m", "weight": 1}]}}}""");
        folder.Write("two/aliases.json", """{"aliases": {"b": {"targets": [{"model": "m", "weight": 1}]}}}""");
        var files = new AliasFiles(new FileSystem(), [Path.Combine(folder.FullPath, "one"), Path.Combine(folder.FullPath, "two")], allowsLinks: false);
        Assert.Equal(["a", "b"], files.Read().Aliases.Select(static alias => alias.Name));

        folder.Write("two/aliases.json", """{"aliases": {"a": {"targets": [{"model": "b", "weight": 1}]}, "b": {"targets": [{"model": "m", "weight": 1}]}}}""");
        Assert.Equal(["two/aliases.json:1:14: alias 'a' is also in one/aliases.json; keep one of them"], files.Read().Problems);
    }

    [Fact]
    public void File_ThatCannotBeRead_IsAProblem()
    {
        using var folder = new TemporaryDirectory();
        using var elsewhere = new TemporaryDirectory();
        var files = new AliasFiles(new FileSystem(), [folder.FullPath], allowsLinks: false);
        Assert.Empty(files.Read().Problems);
        var path = folder.Write("aliases.json", new string(' ', AliasFiles.MaxBytes + 1));
        Assert.Equal([$"aliases.json: the file has {AliasFiles.MaxBytes + 1} bytes, expected at most {AliasFiles.MaxBytes}"], files.Read().Problems);
        File.Delete(path);
        File.CreateSymbolicLink(path, elsewhere.Write("secret.json", """{"aliases": {}}"""));
        Assert.Contains("is a link that leads out of the repository", files.Read().Problems.Single(), StringComparison.Ordinal);
        folder.Write("aliases.d/1.json", """{"aliases": {}}""");
        File.Delete(path);
        File.CreateSymbolicLink(path, "aliases.d/1.json");
        Assert.Empty(files.Read().Problems);
        folder.Write("aliases.json", """{"aliases": {"a": {"targets": [{"model": "b", "weight": 1}]}, "b": {"targets": [{"model": "m", "weight": 1}]}}}""");
        Assert.Equal(["aliases.json: alias 'a' names 'b', which is an alias itself, expected a model"], files.Read().Problems);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
