using System.IO.Abstractions;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Mirrors;

/// <summary>A mirror of a scripted store in a folder of its own, as a scanner sees it. The clock goes on by itself whenever somebody waits for it.</summary>
internal sealed class MirrorFixture : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public MirrorFixture() => Start();

    public ScriptedRepository Store { get; } = new();

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero)) { AutoAdvanceAmount = TimeSpan.Zero };

    public MirrorOptions Options { get; set; } = new() { Attempts = 3 };

    public RepositoryMirrors Mirrors { get; private set; } = null!;

    public RepositoryMirror Mirror => Mirrors.Mirrors[0];

    public RepositoryScanner Scanner => new(new FileSystem(), [Mirror.Folder], [".onnx"], roots: [Mirror.Root]) { Mirrors = Mirrors };

    public string CacheFolder => Path.Combine(_folder.FullPath, "cache");

    public MirrorSetup Setup { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>As a process that starts with the same folder.</summary>
    public void Start()
    {
        Mirrors?.Dispose();
        Setup = new MirrorSetup(new FileSystem(), Options with { Directory = CacheFolder }, [".onnx"], Time, NullLogger.Instance);
        Mirrors = new RepositoryMirrors([Store], Setup);
    }

    public Task FetchAllAsync() => RunAsync(Mirrors.FetchAllAsync(Token));

    public async Task<string?> FetchAsync(string name)
    {
        var fetching = Mirrors.FetchAsync(name, Token);
        await RunAsync(fetching);
        return (await fetching).Select(static one => one.Reason).FirstOrDefault();
    }

    /// <summary>Waits for work that waits for the clock.</summary>
    public async Task RunAsync(Task work)
    {
        using var patience = new CancellationTokenSource(TestTimeouts.Phase);
        while (!work.IsCompleted)
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.WhenAny(work, Task.Delay(5, patience.Token));
        }

        await work;
    }

    /// <summary>What a scan of the copy finds: each model with its versions, or with its problem.</summary>
    public string[] Scan() => [.. Scanner.Scan().Models.Select(static model => $"{model.Name} {model.Problem ?? string.Join(',', model.Versions.Select(static version => version.Number))}")];

    /// <summary>The content of a file of the copy.</summary>
    public string Read(string path) => File.ReadAllText(Path.Combine(Mirror.Folder, path));

    /// <summary>Everything below the folder that everything must stay in, without what the store is made of.</summary>
    public string[] FilesOutside() => [.. Directory.EnumerateFileSystemEntries(_folder.FullPath).Where(path => path != CacheFolder)];

    public string[] Units() => [.. Directory.EnumerateDirectories(Path.Combine(Mirror.Root, "units"))];

    public void Dispose()
    {
        Mirrors.Dispose();
        _folder.Dispose();
    }
}
