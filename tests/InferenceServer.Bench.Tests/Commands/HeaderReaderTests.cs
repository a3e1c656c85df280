using InferenceServer.Bench.Commands;
using Xunit;

namespace InferenceServer.Bench.Tests.Commands;

public sealed class HeaderReaderTests
{
    [Fact]
    public void Read_GivenAndFromTheEnvironment_AreTaken()
    {
        var errors = new List<string>();

        var headers = new HeaderReader(static name => name == "KEY" ? "Bearer id.secret" : null, errors).Read(["X-Team: a: b"], ["Authorization: KEY"]);

        Assert.Empty(errors);
        Assert.Equal([new("X-Team", "a: b"), new("Authorization", "Bearer id.secret")], headers);
    }

    [Theory]
    [InlineData("no-colon-secret")]
    [InlineData(": secret")]
    [InlineData("Host: secret")]
    [InlineData("content-length: secret")]
    [InlineData("grpc-timeout: secret")]
    [InlineData("a b: secret")]
    [InlineData("X: secret\r\nY: secret")]
    [InlineData("X: secrét")]
    public void Read_WrongHeader_IsRefusedWithoutItsValue(string given)
    {
        var errors = new List<string>();
        new HeaderReader(static _ => null, errors).Read([given], []);

        Assert.DoesNotContain("secr", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_VariableThatIsNotSet_IsNamed()
    {
        var errors = new List<string>();
        new HeaderReader(static _ => null, errors).Read([], ["Authorization: MISSING"]);

        Assert.Contains("'MISSING'", Assert.Single(errors), StringComparison.Ordinal);
    }
}
