using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Inference;

public sealed class RequestValidationTests
{
    private static readonly (string, Func<ServedModelFixture, InferenceRequest>, string[])[] s_cases =
    [
        ("unknown input", m => With(m, F("X", 1, 4), F("Z", 1, 4)), ["unexpected inference input 'Z'", "'m'", "'X', 'S'"]),
        ("missing input", m => With(m, F("X", 1, 4)), ["expected 2 inputs but got 1 inputs for model 'm'", "['X']", "missing required input(s) ['S']"]),
        ("no input", m => With(m), ["expected 2 inputs but got 0 inputs", "['X','S']"]),
        ("extra input", m => With(m, F("X", 1, 4), S("S", 1, "a"), F("Z", 1, 4)), ["expected 2 inputs but got 3 inputs", "'Z' is unexpected"]),
        ("duplicate input", m => With(m, F("X", 1, 4), F("X", 1, 4)), ["input 'X' already exists in request"]),
        ("wrong type", m => With(m, T("X", TensorDataType.Int32, new(1, 4), new int[4]), S("S", 1, "a")), ["'X' data-type is 'INT32', but model 'm' expects 'FP32'"]),
        ("wrong inner dimension", m => With(m, F("X", 1, 5), S("S", 1, "a")), ["unexpected shape for input 'X'", "Expected [-1,4], got [1,5]"]),
        ("wrong rank", m => With(m, T("X", TensorDataType.Fp32, new(4), new float[4]), S("S", 1, "a")), ["Expected [-1,4], got [4]", "batch dimension"]),
        ("no dimension", m => With(m, T("X", TensorDataType.Fp32, TensorShape.Scalar, new float[1]), S("S", 1, "a")), ["input 'X' has no shape but model requires batch dimension"]),
        ("batch too large", m => With(m, F("X", 9, 4), S("S", 9, "a", "a", "a", "a", "a", "a", "a", "a", "a")), ["batch-size must be <= 8 for 'm', got 9"]),
        ("batch differs", m => With(m, F("X", 2, 4), S("S", 1, "a")), ["input 'S' batch size does not match", "expected 2", "got 1"]),
        ("batch of nothing", m => With(m, F("X", 0, 4), S("S", 0)), ["input 'X' has a batch dimension of 0"]),
        ("too few bytes", m => With(m, T("X", TensorDataType.Fp32, new(1, 4), new float[3]), S("S", 1, "a")), ["input byte size mismatch for input 'X' for model 'm'. Expected 16, got 12"]),
        ("too many bytes", m => With(m, T("X", TensorDataType.Fp32, new(1, 4), new float[5]), S("S", 1, "a")), ["Expected 16, got 20"]),
        ("too few strings", m => With(m, F("X", 2, 4), S("S", 2, "a")), ["expected 2 string elements for inference input 'S' for model 'm', got 1"]),
        ("too many strings", m => With(m, F("X", 1, 4), S("S", 1, "a", "b")), ["expected 1 string elements", "got 2"]),
        ("cut length of a string", m => With(m, F("X", 1, 4), T("S", TensorDataType.Bytes, new(1, 1), new byte[] { 1, 0, 0 })), ["incomplete string length indicator for inference input 'S'", "4 bytes but only 3"]),
        ("cut string", m => With(m, F("X", 1, 4), T("S", TensorDataType.Bytes, new(1, 1), new byte[] { 5, 0, 0, 0, 65, 66 })), ["incomplete string data for inference input 'S'", "length 5 but only 2"]),
        ("unknown output", m => Wanting(m, "P"), ["unexpected inference output 'P' for model 'm'", "'Y'"]),
        ("duplicate output", m => Wanting(m, "Y", "Y"), ["output 'Y' already exists in request"]),
    ];

    public static TheoryData<string> Names => [.. s_cases.Select(static pair => pair.Item1)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task WrongRequest_IsRefusedByNameAndNumber(string name)
    {
        await using var model = Model();
        var (_, make, words) = s_cases.Single(pair => pair.Item1 == name);
        var outcome = await model.Engine.InferAsync(make(model), TestContext.Current.CancellationToken);
        Assert.False(outcome.IsSuccess);
        Assert.Equal(ErrorCode.InvalidArgument, outcome.Error.Code);
        Assert.All(words, word => Assert.Contains(word, outcome.Error.Message, StringComparison.Ordinal));
        Assert.Equal(0, model.Backend.Executions);

        // The next good request is answered.
        var good = await model.Engine.InferAsync(With(model, S("S", 1, "a"), F("X", 1, 4)), TestContext.Current.CancellationToken);
        Assert.True(good.IsSuccess, good.Error?.Message);
        good.Response.Dispose();
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("1", null)]
    [InlineData("001", null)]
    [InlineData("3", ErrorCode.NotFound)]
    [InlineData("0", ErrorCode.NotFound)]
    [InlineData("2", ErrorCode.Unavailable)]
    [InlineData("-1", ErrorCode.InvalidArgument)]
    [InlineData("one", ErrorCode.InvalidArgument)]
    [InlineData("9223372036854775808", ErrorCode.InvalidArgument)]
    public async Task Version_IsFoundOrRefusedWithTheRightCode(string version, ErrorCode? code)
    {
        await using var model = Model();
        var isFound = (await model.Engine.AcquireAsync("m", version, TestContext.Current.CancellationToken)).TryGet(out var lease, out var error);
        lease?.Dispose();
        Assert.Equal(code is null, isFound);
        Assert.Equal(code, error?.Code);
    }

    [Fact]
    public async Task UnknownModel_IsNotFound()
    {
        await using var model = Model();
        Assert.False((await model.Engine.AcquireAsync("M", "", TestContext.Current.CancellationToken)).TryGet(out _, out var error));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("'M'", error.Message, StringComparison.Ordinal);
    }

    private static ServedModelFixture Model() => new(
        [ServedModelFixture.Tensor("X", TensorDataType.Fp32, 8, 4), ServedModelFixture.Tensor("S", TensorDataType.Bytes, 8, 1)]);

    private static Func<ServedModelFixture, TensorView> F(string name, int rows, int columns) =>
        T(name, TensorDataType.Fp32, new TensorShape(rows, columns), new float[rows * columns]);

    private static Func<ServedModelFixture, TensorView> T<TValue>(string name, TensorDataType type, TensorShape shape, TValue[] values)
        where TValue : unmanaged => model => TestTensor.Of<TValue>(model.Pool, name, type, shape, values);

    private static Func<ServedModelFixture, TensorView> S(string name, int rows, params string[] values) =>
        model => TestTensor.OfStrings(model.Pool, name, new TensorShape(rows, 1), values);

    private static InferenceRequest With(ServedModelFixture model, params Func<ServedModelFixture, TensorView>[] inputs)
    {
        var request = model.Request();
        foreach (var input in inputs)
        {
            request.AddInput(input(model));
        }

        return request;
    }

    private static InferenceRequest Wanting(ServedModelFixture model, params string[] outputs)
    {
        var request = With(model, F("X", 1, 4), S("S", 1, "a"));
        request.RequestedOutputs.AddRange(outputs);
        return request;
    }
}
