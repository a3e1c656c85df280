using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Core.Repository;
using InferenceServer.Host.Options;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class SingleModelReaderTests
{
    [Fact]
    public void Model_WithoutARepository_IsAllThatIsServed()
    {
        var options = Read(["--model-name=digits", "--model-dir=/mnt/models"], out var errors);

        Assert.Empty(errors);
        Assert.Equal(new SingleModel("/mnt/models", "digits"), options.SingleModel);
        Assert.Empty(options.ModelRepositories);
    }

    [Fact]
    public void Model_BesideARepository_IsServedWithIt()
    {
        var options = Read(["--model-name=digits", "--model-dir=/mnt/models", "--model-repository=/a"], out var errors);

        Assert.Empty(errors);
        Assert.Equal(["/a"], options.ModelRepositories);
    }

    [Fact]
    public void Model_OfTheCommandLine_GoesBeforeARepositoryOfTheEnvironment()
    {
        var environment = new Dictionary<string, string?> { ["InferenceServer:ModelRepository"] = "/a" };

        Assert.Empty(Read(["--model-name=digits", "--model-dir=/mnt/models"], out _, environment).ModelRepositories);
        Assert.Equal(["/a"], Read([], out _, environment).ModelRepositories);
        Assert.Null(Read([], out _, environment).SingleModel);
    }

    [Theory]
    [InlineData("--model-name=digits", "--model-name: expected --model-dir beside it")]
    [InlineData("--model-dir=/mnt/models", "--model-dir: expected --model-name beside it")]
    [InlineData("--model-name=digits --model-dir=/nowhere", "--model-dir: the folder '/nowhere' does not exist")]
    [InlineData("--model-name=a/b --model-dir=/mnt/models", "--model-name: expected a name that a model's folder could have, got 'a/b'")]
    [InlineData("--model-name=digits --model-dir=/mnt/models --model-namespacing=true", "--model-namespacing: a model of --model-dir is in no repository and so in no namespace; expected one of the two")]
    public void Model_ThatCannotBe_IsRefused(string line, string expected)
    {
        Read(line.Split(' '), out var errors);

        Assert.Equal([expected], errors);
    }

    private static ServerOptions Read(string[] args, out IReadOnlyList<string> errors, Dictionary<string, string?>? configuration = null)
    {
        var files = new MockFileSystem();
        foreach (var folder in new[] { "/a", "/mnt/models", "/samples" })
        {
            files.AddDirectory(folder);
        }

        var built = new ConfigurationBuilder().AddInMemoryCollection(configuration ?? []).Build();
        return ServerOptionsReader.Read(built, CommandLine.Parse(args), "/samples", files, [.. Host.Startup.ServerHost.MakeBackends(TimeProvider.System).Select(static backend => backend.Descriptor)], out errors);
    }
}
