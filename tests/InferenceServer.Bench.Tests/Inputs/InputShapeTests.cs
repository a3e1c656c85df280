using InferenceServer.Bench.Inputs;
using InferenceServer.Bench.Models;
using Xunit;

namespace InferenceServer.Bench.Tests.Inputs;

public sealed class InputShapeTests
{
    private static readonly ModelMetadata _model = new("m", [new("x", "FP32", [-1, 3, -1]), new("fixed", "FP32", [2])], []);

    [Theory]
    [InlineData("5,3,7", 1, new long[] { 5, 3, 7 })]
    [InlineData("3,7", 4, new long[] { 4, 3, 7 })]
    [InlineData("0,3,0", 1, new long[] { 0, 3, 0 })]
    public void Of_GivenShapeThatFits_IsTaken(string given, int rows, long[] expected) => Assert.Equal(expected, Of("x", given, rows));

    [Theory]
    [InlineData("x", "2,7")]
    [InlineData("x", "7")]
    [InlineData("x", "1,3,7,1")]
    [InlineData("fixed", "3")]
    public void Of_GivenShapeThatDoesNot_IsRefusedWithBoth(string name, string given)
    {
        var error = Assert.Throws<BenchException>(() => Of(name, given, 1));

        Assert.Contains($"--shape {name}:{given}", error.Message, StringComparison.Ordinal);
        Assert.Contains(name == "x" ? "[-1,3,-1]" : "[2]", error.Message, StringComparison.Ordinal);
    }

    private static long[] Of(string name, string given, int rows) => InputShape.Of(
        _model,
        _model.Inputs.Single(input => input.Name == name),
        new InputOptions { Rows = rows, Shapes = new Dictionary<string, long[]> { [name] = [.. given.Split(',').Select(long.Parse)] } });
}
