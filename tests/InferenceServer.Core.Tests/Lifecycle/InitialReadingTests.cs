using System.Collections.Immutable;
using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

public sealed class InitialReadingTests
{
    private readonly MockFileSystem _files = new();
    private readonly FakeBackend _backend = new(new ModelSignature([], []));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_IsWhatTheScannerFinds_WithWhatIsToServe()
    {
        _files.AddFile("/r/m/config.pbtxt", new MockFileData("""backend: "fake" """));
        _files.AddFile("/r/m/3/model.fake", new MockFileData("x"));
        _files.AddFile("/r/bare.fake", new MockFileData("x"));
        _files.AddFile("/r/broken/config.pbtxt", new MockFileData("max_batch_size: -1"));

        var (snapshot, models) = await Begin(Options())!.TakeAsync();

        Assert.Equal(["bare", "broken", "m"], snapshot.Models.Select(static model => model.Name));
        Assert.Equal(new RepositoryScanner(_files, ["/r"], [".fake"]).Scan().Models.Select(static model => model.Stamp), snapshot.Models.Select(static model => model.Stamp));
        Assert.Equal(["bare 1", "broken ", "m 3"], models.Select(static model => $"{model.Name} {string.Join(',', model.Versions.Select(static version => version.Number))}"));
        Assert.NotNull(models[1].Problem);
    }

    [Theory]
    [InlineData("/r/m/1/model.fake")]
    [InlineData("/r/bare.fake")]
    public async Task Engine_WhoseFilesAreThere_IsWarmedUpWithTheServersSettings(string file)
    {
        _files.AddFile(file, new MockFileData("x"));
        var settings = ImmutableDictionary<string, string>.Empty.Add("key", "value");

        await Begin(Options() with { ProcessorCount = 5, Backends = Backends(settings) })!.TakeAsync();

        var (given, processors) = await _backend.WarmedUp.Task.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal("value", given["key"]);
        Assert.Equal(5, processors);
    }

    [Fact]
    public async Task Engine_WithoutFiles_IsLeftAlone()
    {
        _files.AddFile("/r/m/1/model.other", new MockFileData("x"));
        await Begin(Options())!.TakeAsync();
        Assert.False(_backend.WarmedUp.Task.IsCompleted);
    }

    [Fact]
    public async Task MissingRepository_IsToldWhoeverTakesWhatWasRead() =>
        await Assert.ThrowsAnyAsync<IOException>(() => Begin(Options())!.TakeAsync());

    [Fact]
    public void Models_ThatOthersFollow_AreLeftToThem()
    {
        Assert.Null(Begin(Options() with { ControlMode = ModelControlMode.Poll }));
        Assert.Null(Begin(Options() with { ControlMode = ModelControlMode.Explicit, InitialModels = ["m"] }));
        Assert.Null(Begin(Options() with { ControlMode = ModelControlMode.Explicit }));
    }

    [Fact]
    public async Task AllModels_InExplicitMode_AreRead()
    {
        _files.AddFile("/r/bare.fake", new MockFileData("x"));
        var (_, models) = await Begin(Options() with { ControlMode = ModelControlMode.Explicit, InitialModels = ["*"] })!.TakeAsync();
        Assert.Equal("bare", Assert.Single(models).Name);
    }

    private static ImmutableDictionary<string, ImmutableDictionary<string, string>> Backends(ImmutableDictionary<string, string> settings) =>
        ImmutableDictionary<string, ImmutableDictionary<string, string>>.Empty.Add("fake", settings);

    private static CoreOptions Options() => new() { Identity = new ServerIdentity("test", "0"), Repositories = ["/r"] };

    private InitialReading? Begin(CoreOptions options) => InitialReading.TryBegin(options, _files, [_backend]);
}
