using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Bench.Commands;
using Xunit;

namespace InferenceServer.Bench.Tests.Commands;

/// <summary>Two servers whose answers are or are not the same.</summary>
public sealed class ComparisonTests
{
    private const string Metadata = """{"name":"m","versions":["1"],"inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"y","datatype":"FP32","shape":[1]}]}""";

    [Theory]
    [InlineData("1.5", "1.50", BenchCommand.Success)]
    [InlineData("1.5", "2.5", BenchCommand.Failure)]
    public async Task CheckAnswers_HoldsTheValuesOfBothAgainstEachOther(string first, string second, int code)
    {
        await using var one = Server(first);
        await using var other = Server(second);

        var (result, output, errors) = await RunAsync(["m", "--url", one.Address.ToString(), "--compare", other.Address.ToString(), "--rounds", "1", "--check-answers", .. Short]);

        Assert.Equal(code, result);
        Assert.Contains(code == BenchCommand.Success ? "The first server divided by the second" : "output 'y' differs between HTTP JSON of ", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsThatTakeDifferentInputs_AreNotCompared()
    {
        await using var one = Server("1");
        await using var other = Server("1", Metadata.Replace("-1,2", "-1,3", StringComparison.Ordinal));

        var (result, _, errors) = await RunAsync(["m", "--url", one.Address.ToString(), "--compare", other.Address.ToString(), .. Short]);

        Assert.Equal(BenchCommand.Failure, result);
        Assert.Contains("take different inputs: x FP32 [-1,2] and x FP32 [-1,3]", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneOfTwoFails_EndsWithOneAndSaysWhich()
    {
        await using var one = Server("1");
        await using var other = new ScriptedServer(static (number, _) => Task.FromResult<string?>(
            number < 0 ? ScriptedServer.Answer(200, Metadata) : ScriptedServer.Answer(number % 2 == 0 ? 200 : 500, Answer("1"))));

        var (result, output, _) = await RunAsync(["m", "--url", one.Address.ToString(), "--compare", other.Address.ToString(), "--rounds", "1", .. Short]);

        Assert.Equal(BenchCommand.Failure, result);
        Assert.Contains($"HTTP JSON x1 of 2: {other.Address}: failed: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerIsGoneForALaterPoint_WhatWasMeasuredIsTold()
    {
        await using var server = new ScriptedServer(static (number, line) => Task.FromResult(
            line.Contains("/stats", StringComparison.Ordinal) || number < 0 ? ScriptedServer.Answer(200, Metadata) : number < 5 ? ScriptedServer.Answer(200, Answer("1")) : null));

        var (result, output, _) = await RunAsync(["m", "--url", server.Address.ToString(), "--window", "0", "--seconds", "1", "--connections", "1,2", "--quiet"]);

        Assert.Equal(BenchCommand.Failure, result);
        Assert.Contains("| HTTP JSON | x1 ", output, StringComparison.Ordinal);
        Assert.Contains("Note: ended early: HTTP JSON to ", output, StringComparison.Ordinal);
    }

    private static string[] Short => ["--window", "0", "--seconds", "1", "--connections", "1", "--quiet"];

    private static string Answer(string value) => $$"""{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[{{value}}]}]}""";

    private static ScriptedServer Server(string value, string metadata = Metadata) => new((number, line) => Task.FromResult<string?>(
        line.Contains("/stats", StringComparison.Ordinal) ? ScriptedServer.Answer(404, "") : ScriptedServer.Answer(200, number < 0 ? metadata : Answer(value))));

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await new BenchCommand(new MockFileSystem(), static _ => null, TimeProvider.System).RunAsync(args, output, errors, isTerminal: false, TestContext.Current.CancellationToken);
        return (code, output.ToString(), errors.ToString());
    }
}
