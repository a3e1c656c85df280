using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Sequences;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Core.Tests.Sequences;

public sealed class InitialStateReaderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadAsync_NoSequences_NoStates()
    {
        Assert.Empty(await ReadAsync((SequenceBatchingConfig?)null));
    }

    [Theory]
    [InlineData(TensorDataType.Fp32, new long[] { 2, 3 }, 24)]
    [InlineData(TensorDataType.Int64, new long[0], 8)]
    [InlineData(TensorDataType.Fp16, new long[] { 4, 0, 2 }, 0)]
    [InlineData(TensorDataType.Bool, new long[] { 5 }, 5)]
    [InlineData(TensorDataType.Bytes, new long[] { 2 }, 8)]
    public async Task ReadAsync_WithoutFile_IsZerosOrEmptyStrings(TensorDataType type, long[] dims, int bytes)
    {
        var state = Assert.Single(await ReadAsync(State(type, dims, null)));
        Assert.Equal(new TensorShape(dims), state.Shape);
        Assert.Equal(new byte[bytes], state.Content);
    }

    [Fact]
    public async Task ReadAsync_Files_AreReadInTheOrderOfTheStates()
    {
        _folder.Write("m/initial_state/a", [1, 2, 3, 4]);
        _folder.Write("m/initial_state/b", [1, 0, 0, 0, (byte)'x', 0, 0, 0, 0]);
        var states = await ReadAsync(State(TensorDataType.Int16, [2], "a"), State(TensorDataType.Bytes, [2], "b"), State(TensorDataType.UInt8, [1], null));

        Assert.Equal([new TensorShape(2), new TensorShape(2), new TensorShape(1)], states.Select(static state => state.Shape));
        Assert.Equal([1, 2, 3, 4], states[0].Content);
        Assert.Equal([1, 0, 0, 0, (byte)'x', 0, 0, 0, 0], states[1].Content);
        Assert.Equal([0], states[2].Content);
    }

    [Theory]
    [InlineData(TensorDataType.Fp32, new byte[] { 1, 2, 3 }, "initial_state of state 'S': 'f' has 3 bytes, expected 8 for shape [2] and type FP32")]
    [InlineData(TensorDataType.Fp32, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, "initial_state of state 'S': 'f' has 9 bytes, expected 8 for shape [2] and type FP32")]
    [InlineData(TensorDataType.Bytes, new byte[] { 0, 0, 0, 0 }, "initial_state of state 'S': 'f' holds 1 strings, expected 2 for shape [2]")]
    [InlineData(TensorDataType.Bytes, new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "initial_state of state 'S': 'f' holds 3 strings, expected 2 for shape [2]")]
    [InlineData(TensorDataType.Bytes, new byte[] { 0, 0, 0, 0, 2, 0, 0, 0, 1 }, "initial_state of state 'S': 'f' ends within string 2; expected 2 for shape [2], each with its length in 4 bytes in front")]
    [InlineData(TensorDataType.Bytes, new byte[] { 0, 0 }, "initial_state of state 'S': 'f' ends within string 1; expected 2 for shape [2], each with its length in 4 bytes in front")]
    public async Task ReadAsync_FileThatHoldsSomethingElse_SaysWhatWasExpected(TensorDataType type, byte[] content, string message)
    {
        _folder.Write("m/initial_state/f", content);
        var error = await Assert.ThrowsAsync<BackendException>(() => ReadAsync(State(type, [2], "f")));
        Assert.Equal(message, error.Message);
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    [Theory]
    [InlineData("m/other")]
    [InlineData("m/initial_state/other")]
    public async Task ReadAsync_NoSuchFile_SaysWhichStateAndNoPath(string there)
    {
        _folder.Write(there, "x");
        var error = await Assert.ThrowsAsync<BackendException>(() => ReadAsync(State(TensorDataType.Fp32, [1], "f")));
        Assert.Equal("initial_state of state 'S': 'f' is not in the folder initial_state of the model", error.Message);
        Assert.Equal(ErrorCode.Unavailable, error.Code);
    }

    [Fact]
    public async Task ReadAsync_LinkOutOfTheRepository_IsNotFollowed()
    {
        var secret = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.secret");
        Directory.CreateDirectory(Path.Combine(_folder.FullPath, "m", "initial_state"));
        File.CreateSymbolicLink(Path.Combine(_folder.FullPath, "m", "initial_state", "f"), secret);
        var error = await Assert.ThrowsAsync<BackendException>(() => ReadAsync(State(TensorDataType.Fp32, [1], "f")));
        Assert.StartsWith("initial_state of state 'S': 'f' is a link that leads out of the repository", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TensorDataType.UInt8, new[] { 1L << 30, 1 })]
    [InlineData(TensorDataType.Bytes, new[] { 1L << 28, 1 })]
    [InlineData(TensorDataType.Fp64, new[] { 1L << 40, 1L << 40 })]
    public async Task ReadAsync_StatesThatTakeMoreThanThereMayBe_AreRefusedUnmade(TensorDataType type, long[] dims)
    {
        var error = await Assert.ThrowsAsync<BackendException>(() => ReadAsync(State(TensorDataType.UInt8, [1], null), State(type, dims, null)));
        Assert.Equal($"state 'S' begins with shape {new TensorShape(dims)}, for which there is no room: all states of a sequence may begin with 1073741824 bytes", error.Message);
    }

    private static SequenceStateConfig State(TensorDataType type, long[] dims, string? file) =>
        new("S", "T", type, new TensorShape(dims)) { InitialDims = new TensorShape(dims), InitialFile = file };

    private Task<ImmutableArray<InitialState>> ReadAsync(params SequenceStateConfig[] states) =>
        ReadAsync(new SequenceBatchingConfig { States = [.. states] });

    private Task<ImmutableArray<InitialState>> ReadAsync(SequenceBatchingConfig? sequences)
    {
        var config = new ModelConfig { Name = "m", Backend = "fake", Inputs = [], Outputs = [], InstanceGroups = [], SequenceBatching = sequences };
        var files = new FileSystem();
        return new InitialStateReader(files, new EntryGuard(files, [_folder.FullPath], allowsLinks: false)).ReadAsync(Path.Combine(_folder.FullPath, "m"), config, TestContext.Current.CancellationToken);
    }
}
