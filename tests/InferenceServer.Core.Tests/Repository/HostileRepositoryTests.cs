using System.IO.Abstractions;
using System.Runtime.InteropServices;
using InferenceServer.Core.Repository;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Core.Tests.Repository;

/// <summary>Repositories that somebody has laid out to have the server read what he cannot, on a real file system.</summary>
public sealed partial class HostileRepositoryTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public HostileRepositoryTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "kinds of entries are told apart on Linux");
        _folder.Write("r/m/1/model.onnx", "x");
        _folder.Write("secret/file", "s");
        _folder.Write("secret/folder/1/model.onnx", "s");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("m/1/weights.bin", "file", "'1/weights.bin' is a link")]
    [InlineData("m/1/deep", "folder", "'1/deep' is a link")]
    [InlineData("m/2", "folder/1", "'2' is a link")]
    [InlineData("m/config.pbtxt", "file", "'config.pbtxt' is a link")]
    [InlineData("m/labels.txt", "file", "'labels.txt' is a link")]
    [InlineData("m/warmup", "folder", "'warmup' is a link")]
    [InlineData("n", "folder", "'n' is a link")]
    [InlineData("n.onnx", "file", "'n.onnx' is a link")]
    public void LinkOutOfTheRepository_IsRefusedAlikeWhetherThereIsAnythingBehindItOrNot(string link, string target, string expected)
    {
        var found = Problem(link, Path.Combine(_folder.FullPath, "secret", target));
        Assert.StartsWith(expected, found, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", found, StringComparison.Ordinal);
        Assert.Equal(found, Problem(link, Path.Combine(_folder.FullPath, "nowhere", target)));
        Assert.Equal(found, Problem(link, "../../../../../../../../../../nowhere"));
    }

    [Fact]
    public void LinkWithinTheRepository_IsFollowed()
    {
        // As Kubernetes lays a volume out: a link to a folder with links into it.
        _folder.Write("r/m/..2030_01_01/config.pbtxt", "max_batch_size: 8");
        Link("m/..data", "..2030_01_01");
        Link("m/config.pbtxt", "..data/config.pbtxt");
        Link("same", "m");
        var models = Scan().Models;
        Assert.All(models, static model => Assert.Null(model.Problem));
        Assert.Equal(["m", "same"], models.Select(static model => model.Name));
        Assert.Equal("max_batch_size: 8"u8, models[0].ConfigContent.Span);
    }

    [Fact]
    public void LinksThatLeadOutByWayOfEachOther_AreRefused()
    {
        Link("m/a", "..");
        Link("m/b", "a/../secret");
        Link("m/1/c", "../b/file");
        Link("m/1/round", "round");
        Assert.Contains("is a link that leads out", Assert.Single(Scan().Models).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m/1/pipe")]
    [InlineData("m/config.pbtxt")]
    [InlineData("m/labels.txt")]
    public void Pipe_IsRefusedAndNotWaitedFor(string path)
    {
        Assert.Equal(0, MakePipe(Path.Combine(_folder.FullPath, "r", path), 0x180));
        Assert.Contains("is a pipe", Assert.Single(Scan().Models).Problem, StringComparison.Ordinal);
        Assert.Contains("is a pipe", Assert.Single(Scan(allowsLinks: true).Models).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Device_BehindALink_IsRefusedEvenWhereLinksAreAllowed()
    {
        Link("m/1/weights.bin", "/dev/zero");
        Assert.Contains("a device", Assert.Single(Scan(allowsLinks: true).Models).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void HardLink_IsRefusedUnlessAllowed()
    {
        Assert.Equal(0, MakeLink(Path.Combine(_folder.FullPath, "secret/file"), Path.Combine(_folder.FullPath, "r/m/1/weights.bin")));
        Assert.Contains("'1/weights.bin' is a hard link", Assert.Single(Scan().Models).Problem, StringComparison.Ordinal);
        Assert.Null(Assert.Single(Scan(allowsLinks: true).Models).Problem);
    }

    [Fact]
    public void FileThatIsNamedByAConfiguration_IsHeldAgainstItsFoldersToo()
    {
        _folder.Write("r/m/plain/labels.txt", "cat");
        Link("m/away", Path.Combine(_folder.FullPath, "secret"));
        var guard = new EntryGuard(new FileSystem(), [Path.Combine(_folder.FullPath, "r")], allowsLinks: false);
        var model = Path.Combine(_folder.FullPath, "r/m");
        Assert.Null(guard.FindProblem(model, "plain/labels.txt"));
        Assert.Null(guard.FindProblem(model, "plain/missing.txt"));
        Assert.Contains("leads out", guard.FindProblem(model, "away/file"), StringComparison.Ordinal);
        Assert.Equal(guard.FindProblem(model, "away/file"), guard.FindProblem(model, "away/missing"));
    }

    [Fact]
    public void OtherEntriesOfTheRepository_AreNoModels()
    {
        _folder.Write("r/LICENSE", "x");
        Assert.Equal(0, MakeLink(Path.Combine(_folder.FullPath, "secret/file"), Path.Combine(_folder.FullPath, "r/NOTICE")));
        Assert.Equal(0, MakePipe(Path.Combine(_folder.FullPath, "r/pipe"), 0x180));
        Assert.Equal("m", Assert.Single(Scan().Models).Name);
    }

    [Fact]
    public void AllowedLinks_LeadAnywhere()
    {
        Link("n", Path.Combine(_folder.FullPath, "secret/folder"));
        Assert.All(Scan(allowsLinks: true).Models, static model => Assert.Null(model.Problem));
    }

    [Fact]
    public void FoldersWithoutEnd_AreRefused()
    {
        _folder.Write("r/m/1/" + string.Concat(Enumerable.Repeat("f/", RepositoryScanner.MaxDepth)) + "x", "x");
        Assert.Contains("deeper than", Assert.Single(Scan().Models).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void GoodModelBesideABadOne_IsRead()
    {
        Link("bad", "/etc");
        var models = Scan().Models;
        Assert.NotNull(models.Single(static model => model.Name == "bad").Problem);
        Assert.Null(models.Single(static model => model.Name == "m").Problem);
    }

    private string Problem(string link, string target)
    {
        Link(link, target);
        var problem = Assert.Single(Scan().Models, static model => model.Problem is not null).Problem!;
        File.Delete(Path.Combine(_folder.FullPath, "r", link));
        return problem;
    }

    private void Link(string path, string target) => File.CreateSymbolicLink(Path.Combine(_folder.FullPath, "r", path), target);

    private RepositorySnapshot Scan(bool allowsLinks = false) => new RepositoryScanner(new FileSystem(), [Path.Combine(_folder.FullPath, "r")], [".onnx"], allowsLinks: allowsLinks).Scan();

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeLink(string from, string to);
}
