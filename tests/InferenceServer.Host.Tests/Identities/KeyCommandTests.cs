using System.Text;
using System.Text.Json;
using InferenceServer.Host.Identities;
using Xunit;

namespace InferenceServer.Host.Tests.Identities;

public sealed class KeyCommandTests
{
    [Fact]
    public async Task NewKey_Printed_IsWhatItsEntryIsFor()
    {
        var (code, output, _) = await RunAsync("", "new-key", "--id=web", "--scopes=inference", "--models=a,b*");
        Assert.Equal(0, code);
        var lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        using var entry = JsonDocument.Parse(lines[^1]);
        Assert.Equal(ApiKey.Hash(lines[1]), entry.RootElement.GetProperty("hash").GetString());
        AccessFileReader.Read(Encoding.UTF8.GetBytes($$"""{"keys": [{{lines[^1]}}]}"""), out var problems);
        Assert.Empty(problems);
        Assert.Equal(0, (await RunAsync(lines[1] + "\n", "hash-key")).Code);
        Assert.Equal(ApiKey.Hash(lines[1]), (await RunAsync(lines[1] + "\n", "hash-key")).Output.Trim());
    }

    [Theory]
    [InlineData("", "new-key")]
    [InlineData("", "new-key", "--id=a b")]
    [InlineData("", "new-key", "--id=a", "--scopes=everything")]
    [InlineData("", "new-key", "--id=a", "--unknown")]
    [InlineData("", "hash-key", "a.0123456789012345678901234567890123456789")]
    [InlineData("password", "hash-key")]
    [InlineData("a.short", "hash-key")]
    public async Task Command_Wrong_SaysHowItIsUsed(string input, params string[] args)
    {
        var (code, output, errors) = await RunAsync(input, args);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("Usage: new-key", errors, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string input, params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        return (await KeyCommand.RunAsync(args, new StringReader(input), output, errors), output.ToString(), errors.ToString());
    }
}
