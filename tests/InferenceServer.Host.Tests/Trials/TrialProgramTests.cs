using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Host.Trials;
using Xunit;

namespace InferenceServer.Host.Tests.Trials;

public sealed class TrialProgramTests
{
    private static readonly MockFileSystem s_files = new(new Dictionary<string, MockFileData> { ["/tests/inference-server"] = new("") });

    [Theory]
    [InlineData("/app/inference-server", "/app/inference-server.dll", "/app/inference-server try-load")]
    [InlineData("/app/inference-server", "", "/app/inference-server try-load")]
    [InlineData("/usr/bin/dotnet", "/app/inference-server.dll", "/usr/bin/dotnet exec /app/inference-server.dll try-load")]
    [InlineData("/tests/SomeTests", "/tests/inference-server.dll", "/tests/inference-server try-load")]
    [InlineData("/tests/SomeTests", "/other/inference-server.dll", null)]
    [InlineData("/app/renamed", "", null)]
    [InlineData(null, "/tests/inference-server.dll", "/tests/inference-server try-load")]
    public void Find_Program_IsTheServersOwn(string? running, string assembly, string? expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "paths of Unix");
        var program = TrialProgram.Find(running, assembly, s_files);
        Assert.Equal(expected, program is null ? null : $"{program.FileName} {string.Join(' ', program.ArgumentList)}");
    }
}
