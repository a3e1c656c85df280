using InferenceServer.LoadGenerator.Commands;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Commands;

public sealed class OptionTests
{
    [Theory]
    [InlineData("--rows 0", "--rows must be a whole number from 1 to 65536; got '0'")]
    [InlineData("--rows many", "got 'many'")]
    [InlineData("--connections 1,1", "different whole numbers")]
    [InlineData("--connections 1,,2", "separated by commas")]
    [InlineData("--connections 50000", "from 1 to 10000")]
    [InlineData("--encodings json,xml", "json, binary and grpc")]
    [InlineData("--encodings 1", "json, binary and grpc")]
    [InlineData("--seconds 0", "--seconds must be a number of seconds from 0.1")]
    [InlineData("--seconds NaN", "--seconds must be a number of seconds")]
    [InlineData("--http 10.0.0.1:8000", "--http must be a loopback address")]
    [InlineData("--http 127.0.0.1", "with a port")]
    [InlineData("--grpc example.com:1", "--grpc must be a loopback address")]
    [InlineData("--model ../x", "--model must be")]
    [InlineData("--rounds -1", "--rounds must be")]
    [InlineData("--grpc-echo 1", "--grpc-echo must be generated or raw; got '1'")]
    [InlineData("--output /no/such/folder/x.md", "does not exist")]
    public void Compare_BadValue_IsRefusedWithItsReason(string arguments, string message)
    {
        var parsed = CompareCommand.Create().Parse(arguments);

        var error = Assert.Single(parsed.Errors);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--http localhost:8000 --grpc http://127.0.0.1:8001/ --encodings grpc,json --connections 1,64 --seconds 0.5 --warmup 0 --settle 0")]
    [InlineData("--http [::1]:8000")]
    [InlineData("--grpc-echo raw")]
    [InlineData("--grpc-echo generated")]
    public void Compare_GoodValues_AreTaken(string arguments) => Assert.Empty(CompareCommand.Create().Parse(arguments).Errors);

    [Theory]
    [InlineData("", "--models")]
    [InlineData("--models a,a", "different names of models")]
    [InlineData("--models a,,b", "different names of models")]
    [InlineData("--models a --suffix /x", "--suffix must be")]
    public void Pairs_BadValue_IsRefusedWithItsReason(string arguments, string message) =>
        Assert.Contains(message, Assert.Single(PairsCommand.Create().Parse(arguments).Errors).Message, StringComparison.Ordinal);

    [Fact]
    public void Pairs_GoodValues_AreTaken() => Assert.Empty(PairsCommand.Create().Parse("--models add_sub,digits --connections 1,32 --encodings binary,grpc").Errors);

    [Theory]
    [InlineData("--shared-memory cuda", "'cuda'")]
    [InlineData("--output-shared-memory-size -1", "--output-shared-memory-size must be a whole number")]
    public void Run_BadSharedMemory_IsRefusedWithItsReason(string arguments, string message) =>
        Assert.Contains(message, Assert.Single(RunCommand.Create().Parse(arguments).Errors).Message, StringComparison.Ordinal);

    [Fact]
    public void Run_SharedMemory_IsTaken() => Assert.Empty(RunCommand.Create().Parse("--shared-memory system --output-shared-memory-size 64").Errors);

    [Fact]
    public void Echo_NoRecording_IsRefused() => Assert.NotEmpty(EchoCommand.Create().Parse("").Errors);
}
