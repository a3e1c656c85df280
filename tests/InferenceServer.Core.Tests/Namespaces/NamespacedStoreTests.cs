using System.IO.Abstractions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Tests.Mirrors;
using InferenceServer.Testing.Files;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Namespaces;

/// <summary>Which stores are asked, and what is downloaded, for a name that may be one of several namespaces.</summary>
public sealed class NamespacedStoreTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly ScriptedRepository _prod = new() { Url = "s3://bucket/team/prod" };
    private readonly ScriptedRepository _test = new() { Url = "as://account/test" };
    private readonly RepositoryMirrors _mirrors;
    private readonly RepositoryScanner _scanner;
    private readonly ModelNameResolver _names;

    public NamespacedStoreTests()
    {
        var files = new FileSystem();
        _folder.Write("local/here/1/model.onnx", "x");
        var options = new MirrorOptions { Attempts = 1, Directory = Path.Combine(_folder.FullPath, "cache") };
        _mirrors = new RepositoryMirrors([_prod, _test], new MirrorSetup(files, options, [".onnx"], TimeProvider.System, NullLogger.Instance));
        _scanner = new RepositoryScanner(
            files,
            [Path.Combine(_folder.FullPath, "local"), .. _mirrors.Mirrors.Select(static mirror => mirror.Folder)],
            [".onnx"],
            roots: _mirrors.Mirrors.Select(static mirror => mirror.Root),
            namespaceOf: folder => _mirrors.FindByFolder(folder)?.Namespace ?? ModelNamespaces.OfFolder(files, folder))
        {
            Mirrors = _mirrors,
        };
        _names = new ModelNameResolver(_scanner, _mirrors);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _mirrors.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task QualifiedName_AsksAndDownloadsFromItsStoreAlone()
    {
        _prod.Put("m/1/model.onnx", "one");
        _test.Put("m/1/model.onnx", "two");
        Assert.Equal(new ResolvedName("test::m"), await _names.FindAsync("test::m", Token));
        Assert.Equal(0, _prod.Listings + _test.Listings);
        Assert.Empty(await _names.FetchAsync("test::m", Token));
        Assert.Empty(_prod.Opened);
        Assert.Equal(0, _prod.Listings);
        Assert.Equal(["m/1/model.onnx"], _test.Opened);
        Assert.Equal(["local::here", "test::m"], _scanner.Scan().Models.Select(static model => model.Name));
        Assert.NotNull(_scanner.Scan("test::m"));
        Assert.Null(_scanner.Scan("prod::m"));
    }

    [Fact]
    public async Task PlainName_IsLookedForEverywhere_AndNothingIsDownloadedForThat()
    {
        _prod.Put("m/1/model.onnx", "one");
        _test.Put("mm/1/model.onnx", "two");
        _test.Put("here.onnx", "three");
        Assert.Equal("prod::m", (await _names.FindAsync("m", Token)).Name);
        Assert.Equal("test::mm", (await _names.FindAsync("mm", Token)).Name);
        Assert.Equal(new ResolvedName("nowhere"), await _names.FindAsync("nowhere", Token));
        var error = (await _names.FindAsync("here", Token)).Error;
        Assert.Equal(ErrorCode.InvalidArgument, error?.Code);
        Assert.Equal("failed to load 'here': several namespaces have a model of this name; name one of 'local::here', 'test::here'", error?.Message);
        Assert.Empty(_prod.Opened.Concat(_test.Opened));

        // A name that no repository has is in none of them, however it is spelt.
        Assert.Empty(await _names.FetchAsync("m", Token));
        Assert.Empty(_prod.Opened);
    }

    [Fact]
    public async Task StoreThatDoesNotAnswer_CountsOnlyWhereNoOtherHasTheModel()
    {
        _test.Put("m/1/model.onnx", "two");
        await _mirrors.OpenAsync(Token);
        _prod.OnList = static () => throw new RemoteRepositoryException("the store answered 503");
        Assert.Equal(new ResolvedName("local::here"), await _names.FindAsync("here", Token));
        Assert.Equal(new ResolvedName("test::m"), await _names.FindAsync("m", Token));
        var found = await _names.FindAsync("nowhere", Token);
        Assert.Equal(("prod", "the store answered 503"), (found.Unreachable?.Mirror.Namespace, found.Unreachable?.Reason));
    }

    [Fact]
    public async Task UnknownNamespace_IsToldWithThoseThatThereAre()
    {
        var error = (await _names.FindAsync("dev::m", Token)).Error;
        Assert.Equal("failed to load 'dev::m', failed to poll from model repository: there is no namespace 'dev', expected one of 'local', 'prod', 'test'", error?.Message);
        Assert.Equal(0, _prod.Listings + _test.Listings);
    }

    [Fact]
    public async Task ModelThatCannotBeMirrored_IsOneOfItsNamespace()
    {
        _prod.Put("m/1/model.onnx", "one");
        _prod.OnOpen = static _ => throw new RemoteRepositoryException("the store answered 403 AccessDenied");
        _test.Put("m/1/model.onnx", "two");
        await _mirrors.FetchAllAsync(Token);
        var models = _scanner.Scan().Models;
        Assert.Equal(["local::here", "prod::m", "test::m"], models.Select(static model => model.Name));
        Assert.Contains("AccessDenied", models[1].Problem, StringComparison.Ordinal);
        Assert.Null(models[2].Problem);
        Assert.Equal(models[1].Problem, _scanner.Scan("prod::m")!.Problem);
        Assert.Null(_scanner.Scan("test::m")!.Problem);
    }

    [Fact]
    public void UnloadOfAPlainName_MeansTheOnlyOneThatIsWanted()
    {
        var wanted = new[] { "local::here", "prod::m", "test::m", "m2" }.ToDictionary(static name => name, static name => new AspiredModel(name, [], null));
        Assert.Equal(new ResolvedName("local::here"), _names.FindLoaded("here", wanted));
        Assert.Equal(new ResolvedName("prod::m"), _names.FindLoaded("prod::m", wanted));
        Assert.Equal(new ResolvedName("m2"), _names.FindLoaded("m2", wanted));
        Assert.Equal(new ResolvedName("nowhere"), _names.FindLoaded("nowhere", wanted));
        Assert.Equal("failed to unload 'm': several namespaces have a model of this name; name one of 'prod::m', 'test::m'", _names.FindLoaded("m", wanted).Error?.Message);
    }
}
