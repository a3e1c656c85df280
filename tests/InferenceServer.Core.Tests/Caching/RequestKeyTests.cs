using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Caching;

public sealed class RequestKeyTests
{
    private static readonly byte[] s_seed = new byte[CacheKey.Size];

    /// <summary>What may be different between two requests, and whether they may share an answer.</summary>
    private static readonly Dictionary<string, (Action<ServedModelFixture, InferenceRequest> Make, bool IsSame)> s_differences = new()
    {
        ["nothing"] = (static (model, request) => Inputs(model, request), true),
        ["id"] = (static (model, request) => { Inputs(model, request); request.Id = "other"; }, true),
        ["order of inputs"] = (static (model, request) => Inputs(model, request, isSwapped: true), true),
        ["priority"] = (static (model, request) => { Inputs(model, request); request.Parameters["priority"] = ParameterValue.FromUInt64(1); }, true),
        ["timeout"] = (static (model, request) => { Inputs(model, request); request.Parameters["timeout"] = ParameterValue.FromUInt64(1); }, true),
        ["deadline"] = (static (model, request) => { Inputs(model, request); request.Deadline = DateTimeOffset.MaxValue; }, true),
        ["all outputs by name, in another order"] = (static (model, request) => { Inputs(model, request); request.RequestedOutputs.AddRange(["Z", "Y"]); }, true),
        ["one output"] = (static (model, request) => { Inputs(model, request); request.RequestedOutputs.Add("Y"); }, false),
        ["the other output"] = (static (model, request) => { Inputs(model, request); request.RequestedOutputs.Add("Z"); }, false),
        ["a value"] = (static (model, request) => Inputs(model, request, last: 5f), false),
        ["the sign of a zero"] = (static (model, request) => Inputs(model, request, first: -0f), false),
        ["a shape of the same bytes"] = (static (model, request) => Inputs(model, request, shape: [2, 2]), false),
        ["an optional input left out"] = (static (model, request) => Inputs(model, request, hasOptional: false), false),
        ["a parameter"] = (static (model, request) => { Inputs(model, request); request.Parameters["p"] = ParameterValue.FromInt64(1); }, false),
    };

    public static TheoryData<string> Differences => [.. s_differences.Keys];

    public static TheoryData<string, ParameterValue> Values => new()
    {
        { "p", ParameterValue.FromInt64(1) },
        { "p", ParameterValue.FromInt64(2) },
        { "q", ParameterValue.FromInt64(1) },
        { "p", ParameterValue.FromUInt64(1) },
        { "p", ParameterValue.FromBool(true) },
        { "p", ParameterValue.FromBool(false) },
        { "p", ParameterValue.FromDouble(1) },
        { "p", ParameterValue.FromString("1") },
        { "p", ParameterValue.FromString("") },
        { "p", ParameterValue.FromString(new string('x', 2000)) },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task Of_RequestsThatDifferInOneThing_AreTheSameOnlyWhereTheAnswerIs(string what)
    {
        var (make, isSame) = s_differences[what];
        await using var model = Make();

        Assert.Equal(isSame, KeyOf(model, make) == KeyOf(model, static (model, request) => Inputs(model, request)));
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Of_EachParameterAndKindOfValue_IsItsOwn(string name, ParameterValue value)
    {
        await using var model = Make();
        var keys = Values.Select(row => KeyOf(model, (fixture, request) =>
        {
            Inputs(fixture, request);
            request.Parameters[row.Data.Item1] = row.Data.Item2;
        }));

        Assert.Single(keys, KeyOf(model, (fixture, request) =>
        {
            Inputs(fixture, request);
            request.Parameters[name] = value;
        }));
    }

    [Fact]
    public async Task Of_ParametersInAnotherOrder_IsTheSame()
    {
        await using var model = Make();
        var keys = new[] { new[] { "a", "b" }, ["b", "a"] }.Select(names => KeyOf(model, (fixture, request) =>
        {
            Inputs(fixture, request);
            foreach (var name in names)
            {
                request.Parameters[name] = ParameterValue.FromString(name);
            }
        }));

        Assert.Single(keys.Distinct());
    }

    [Fact]
    public async Task Of_AnotherVersion_IsAnother()
    {
        await using var model = Make();
        byte[] seed = [.. s_seed];
        seed[31] = 1;

        Assert.NotEqual(KeyOf(model, static (model, request) => Inputs(model, request)), KeyOf(model, static (model, request) => Inputs(model, request), seed));
    }

    [Fact]
    public void Digest_AfterOneThatWasGivenUp_BeginsAnew()
    {
        Span<byte> one = stackalloc byte[CacheKey.Size];
        Span<byte> other = stackalloc byte[CacheKey.Size];
        var writer = DigestWriter.Begin();
        writer.Write(1L);
        writer.End(one);
        DigestWriter.Begin().Write(new byte[1000]);
        writer = DigestWriter.Begin();
        writer.Write(1L);
        writer.End(other);

        Assert.True(one.SequenceEqual(other));
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(1L)), one.ToArray());
    }

    private static ServedModelFixture Make() => new(
        [ServedModelFixture.Tensor("X", TensorDataType.Fp32, 0, -1, -1), ServedModelFixture.Tensor("W", TensorDataType.Int32, 0, 1) with { IsOptional = true }],
        [ServedModelFixture.Tensor("Y", TensorDataType.Fp32, 0, -1), ServedModelFixture.Tensor("Z", TensorDataType.Fp32, 0, -1)],
        maxBatchSize: 0);

    private static CacheKey KeyOf(ServedModelFixture model, Action<ServedModelFixture, InferenceRequest> make, byte[]? seed = null)
    {
        using var request = model.Request();
        make(model, request);
        Assert.True(model.Served.Validator.TryPrepare(request, null, CancellationToken.None, out var pending, out var error), error?.Message);
        return RequestKey.Of(seed ?? s_seed, pending);
    }

    private static void Inputs(ServedModelFixture model, InferenceRequest request, float first = 0f, float last = 4f, long[]? shape = null, bool hasOptional = true, bool isSwapped = false)
    {
        var x = TestTensor.Of<float>(model.Pool, "X", TensorDataType.Fp32, new TensorShape(shape ?? [1, 4]), [first, 2f, 3f, last]);
        if (!hasOptional)
        {
            request.AddInput(x);
            return;
        }

        var w = TestTensor.Of<int>(model.Pool, "W", TensorDataType.Int32, new TensorShape(1), [9]);
        request.AddInput(isSwapped ? w : x);
        request.AddInput(isSwapped ? x : w);
    }
}
