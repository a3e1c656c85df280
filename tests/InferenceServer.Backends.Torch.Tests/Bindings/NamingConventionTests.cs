using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Torch.Bindings;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Bindings;

public sealed class NamingConventionTests
{
    [Theory]
    [InlineData("h x", "x h", "1 0")]
    [InlineData("INPUT__1 INPUT__0", "x h", "1 0")]
    [InlineData("a__1 b__0", "x h", "1 0")]
    [InlineData("image state", "x h", "0 1")]
    [InlineData("x__0 h", "x h", "0 1")]
    [InlineData("x", "x h", "0")]
    [InlineData("h", "x h", "1")]
    [InlineData("INPUT__1", "x h", "1")]
    public void Resolve_Names_FindTheirPlaces(string names, string values, string expected) =>
        Assert.Equal(expected, string.Join(' ', NamingConvention.Resolve("input", names.Split(' '), values.Split(' '), values.Split(' ').Length, "forward(...)")));

    [Theory]
    [InlineData("INPUT__2", "input 'INPUT__2' asks by its name for place 2, and the model has 2 inputs, from place 0 on: forward(...)")]
    [InlineData("a__1 b__1", "inputs 'a__1' and 'b__1' ask by their names for the same place: forward(...)")]
    [InlineData("a b c", "3 inputs are configured, and the model has 2: forward(...)")]
    public void Resolve_Wrong_SaysHow(string names, string expected)
    {
        var error = Assert.Throws<BackendException>(() => NamingConvention.Resolve("input", names.Split(' '), ["x", "h"], 2, "forward(...)"));
        Assert.Equal(expected, error.Message);
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }
}
