using System.Formats.Tar;
using System.Globalization;
using InferenceServer.ContainerTests.Engine;
using Xunit;

namespace InferenceServer.ContainerTests.Image;

/// <summary>What is in the image, without running it.</summary>
public sealed class ImageTests(EngineFixture engine)
{
    private const long MaxBytes = 150_000_000;

    private static readonly string[] s_tools = ["sh", "bash", "dash", "busybox", "apt", "apt-get", "dpkg", "apk", "curl", "wget", "tar", "env", "ls", "cat", "id"];

    /// <summary>What is asked for only by code that this server never reaches: servers of Windows and of HTTP/3, Prometheus' own web server, keys that are kept as XML.</summary>
    private static readonly string[] s_neverReached =
    [
        "Microsoft.AspNetCore.Server.IIS", "Microsoft.AspNetCore.Server.IISIntegration", "Microsoft.AspNetCore.Server.Kestrel.Transport.NamedPipes", "Microsoft.AspNetCore.Server.Kestrel.Transport.Quic",
        "System.Net.HttpListener", "System.Security.Cryptography.Xml",
    ];

    [Fact]
    public async Task Image_OfTheCoreServer_HasLessThan150Megabytes()
    {
        engine.Require();

        var size = long.Parse(await InspectAsync("{{.Size}}"), CultureInfo.InvariantCulture);

        Assert.InRange(size, 50_000_000, MaxBytes);
    }

    [Fact]
    public async Task Image_RunsAsANumberedUser_AndIsLabelled()
    {
        engine.Require();

        Assert.Equal("1654", await InspectAsync("{{.User}}"));
        Assert.Equal("inference-server", await InspectAsync("""{{index .Labels "org.opencontainers.image.title"}}"""));
        Assert.NotEqual("", await InspectAsync("""{{index .Labels "org.opencontainers.image.version"}}"""));
    }

    [Fact]
    public async Task Image_HasNoShellAndNoTools_AndEveryAssemblyThatIsUsed()
    {
        engine.Require();
        var folder = Directory.CreateTempSubdirectory("image-").FullName;
        try
        {
            var (created, container) = await Command.RunAsync("podman", "create", EngineFixture.Image);
            Assert.True(created == 0, container);
            var (exported, problem) = await Command.RunAsync("podman", "export", "--output", $"{folder}/image.tar", container.Trim().Split('\n')[^1]);
            await Command.RunAsync("podman", "rm", container.Trim().Split('\n')[^1]);
            Assert.True(exported == 0, problem);
            var files = await ReadAsync($"{folder}/image.tar", folder);

            Assert.Contains(files, static file => file == "app/inference-server");
            Assert.DoesNotContain(files, static file => s_tools.Contains(Path.GetFileName(file)) || Path.GetExtension(file) is ".pdb" or ".cs" or ".nupkg");
            Assert.DoesNotContain(AssemblyClosure.FindMissing(folder, "inference-server"), static missing => !s_neverReached.Contains(missing.Key));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Lists the files of an image and takes the program's assemblies out.</summary>
    private static async Task<List<string>> ReadAsync(string archive, string folder)
    {
        var files = new List<string>();
        await using var stream = File.OpenRead(archive);
        await using var reader = new TarReader(stream);
        while (await reader.GetNextEntryAsync(cancellationToken: TestContext.Current.CancellationToken) is { } entry)
        {
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.HardLink or TarEntryType.SymbolicLink)
            {
                files.Add(entry.Name);
            }

            if (entry.DataStream is not null && entry.Name.StartsWith("app/", StringComparison.Ordinal) && Path.GetExtension(entry.Name) == ".dll")
            {
                await entry.ExtractToFileAsync(Path.Combine(folder, Path.GetFileName(entry.Name)), overwrite: false, TestContext.Current.CancellationToken);
            }
        }

        return files;
    }

    private static async Task<string> InspectAsync(string template)
    {
        var (exitCode, output) = await Command.RunAsync("podman", "image", "inspect", "--format", template, EngineFixture.Image);
        Assert.True(exitCode == 0, output);
        return output.Trim();
    }
}
