using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>Steps that run under a condition, and steps that run once an item.</summary>
public sealed class StepKindTests
{
    private const string Branches = """
        platform: "ensemble" max_batch_size: 4
        input { name: "IN" data_type: TYPE_FP32 dims: 1 }
        output { name: "OUT" data_type: TYPE_FP32 dims: 1 } output { name: "EXTRA" data_type: TYPE_FP32 dims: 1 }
        ensemble_scheduling {
          step { model_name: "big" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "is_big" } }
          step { model_name: "half" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "t" } }
          step { model_name: "twice" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "t" } }
          step { model_name: "next" input_map { key: "X" value: "t" } output_map { key: "Y" value: "OUT" } }
          step { model_name: "next" input_map { key: "X" value: "t" } output_map { key: "Y" value: "EXTRA" } }
        }
        parameters { key: "step[1].when" value { string_value: "is_big" } }
        parameters { key: "step[2].when" value { string_value: "!is_big" } }
        parameters { key: "step[4].when" value { string_value: "is_big" } }
        """;

    private const string Items = """
        platform: "ensemble"
        input { name: "IN" data_type: TYPE_FP32 dims: [ -1, 1 ] } input { name: "PLUS" data_type: TYPE_FP32 dims: 1 }
        output { name: "OUT" data_type: TYPE_FP32 dims: [ -1, 1 ] }
        ensemble_scheduling { step { model_name: "plus" input_map { key: "X" value: "IN" } input_map { key: "P" value: "PLUS" } output_map { key: "Y" value: "OUT" } } }
        parameters { key: "step[0].each" value { string_value: "IN" } }
        parameters { key: "step[0].max_items" value { string_value: "5" } }
        """;

    [Theory]
    [InlineData(100, "", "OUT=51 EXTRA=51", 1, 0)]
    [InlineData(3, "", "OUT=7", 0, 1)]
    [InlineData(100, "EXTRA,OUT", "EXTRA=51 OUT=51", 1, 0)]
    [InlineData(3, "OUT", "OUT=7", 0, 1)]
    public async Task Condition_ChoosesTheBranch_AndWhatIsNotThereIsLeftOut(float value, string wanted, string expected, int half, int twice)
    {
        await using var fixture = MakeBranches();
        Assert.Equal(expected, EnsembleRunTests.Print(await fixture.InferAsync(EnsembleRunTests.Ask(fixture, "e", wanted, value))));
        Assert.Equal((half, twice), (fixture.BackendOf("half").Executions, fixture.BackendOf("twice").Executions));
    }

    [Fact]
    public async Task OutputThatIsNotThere_IsAnErrorWhenItIsNamed()
    {
        await using var fixture = MakeBranches();
        var outcome = await fixture.InferAsync(EnsembleRunTests.Ask(fixture, "e", "OUT,EXTRA", 3));
        Assert.Equal(
            (ErrorCode.InvalidArgument, "in ensemble 'e', output 'EXTRA' is not there: step[4] (model 'next'), which would write it, was not run, since a condition did not hold"),
            (outcome.Error!.Code, outcome.Error.Message));
    }

    [Fact]
    public async Task ConditionOfSeveralElements_IsRefused()
    {
        await using var fixture = MakeBranches();
        var outcome = await fixture.InferAsync(EnsembleRunTests.Ask(fixture, "e", "", 3, 100));
        Assert.Equal("in ensemble 'e', the condition 'is_big' of step[1] (model 'half') must have one element, got the shape [2,1]", outcome.Error!.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Items_RunOneByOne_AndAreGatheredInOrder(int count)
    {
        await using var fixture = MakeItems();
        var outcome = await fixture.InferAsync(AskItems(fixture, count));
        Assert.Equal(new TensorShape(count, 1), outcome.Response!.Outputs[0].Shape);
        Assert.Equal(Enumerable.Range(0, count).Select(static i => i + 100f), TestTensor.Read<float>(outcome.Response.Outputs[0]));
        outcome.Response.Dispose();
        Assert.Equal(count, fixture.Served("plus").Statistics.Inferences);
    }

    [Fact]
    public async Task MoreItemsThanAllowed_AreRefused()
    {
        await using var fixture = MakeItems();
        var outcome = await fixture.InferAsync(AskItems(fixture, 6));
        Assert.Equal("in ensemble 'e', tensor 'IN' of step[0] (model 'plus') has 6 items, expected at most 5", outcome.Error!.Message);
    }

    [Fact]
    public async Task ItemThatFails_FailsTheRequest()
    {
        await using var fixture = MakeItems();
        fixture.BackendOf("plus").Execute = Work.Refuse(static value => value == 3);
        var outcome = await fixture.InferAsync(AskItems(fixture, 5));
        Assert.Equal("in ensemble 'e', [request id: <id_unknown>] the value 3 is refused", outcome.Error!.Message);
    }

    [Fact]
    public async Task StringItems_AreCutWhereTheyEnd_AndOutputsOfOtherShapesAreRefused()
    {
        await using var fixture = new EnsembleFixture();
        fixture.Add(
            "echo",
            static batch => batch.Inputs[0].Span.CopyTo(batch.AllocateOutput(0, batch.Inputs[0].Shape, batch.Inputs[0].Length).Span),
            [ServedModelFixture.Tensor("X", TensorDataType.Bytes, 4, 2)],
            [ServedModelFixture.Tensor("Y", TensorDataType.Bytes, 4, -1)],
            maxBatchSize: 4);
        fixture.AddEnsemble("e", """
            platform: "ensemble"
            input { name: "IN" data_type: TYPE_STRING dims: [ -1, 2 ] } output { name: "OUT" data_type: TYPE_STRING dims: [ -1, -1 ] }
            ensemble_scheduling { step { model_name: "echo" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }
            parameters { key: "step[0].each" value { string_value: "IN" } }
            """);
        string[] words = ["a", "", "ccc", "dd", "eeeee", "f"];
        var outcome = await fixture.InferAsync(AskStrings());
        Assert.Equal(new TensorShape(3, 2), outcome.Response!.Outputs[0].Shape);
        Assert.Equal(words, TestTensor.ReadStrings(outcome.Response.Outputs[0]));
        outcome.Response.Dispose();

        fixture.BackendOf("echo").Execute = static batch =>
        {
            // As many empty strings as the first one has letters, and one more.
            var length = BitConverter.ToInt32(batch.Inputs[0].Span[..4]) + 1;
            batch.AllocateOutput(0, new TensorShape(1, length), length * BytesTensor.PrefixSize).Span.Clear();
        };
        var refused = await fixture.InferAsync(AskStrings());
        Assert.Equal("in ensemble 'e', the items of step[0] (model 'echo') cannot be put together: output 'Y' has the shape [4] for item 1, expected [2] as for item 0", refused.Error!.Message);

        InferenceRequest AskStrings()
        {
            var request = fixture.Request("e");
            request.AddInput(TestTensor.OfStrings(fixture.Pool, "IN", new TensorShape(3, 2), words));
            return request;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Items_OfAllRequests_StayWithinTheBoundOfTheirStep(int most)
    {
        await using var fixture = new EnsembleFixture();
        var (running, highest) = (0, 0);
        var plus = Work.Map(static values => values.Sum());
        fixture.Add(
            "plus",
            batch =>
            {
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref highest, now);
                plus(batch);
                Interlocked.Decrement(ref running);
            },
            [EnsembleFixture.Fp32("X", 0, 1), EnsembleFixture.Fp32("P", 0, 1)],
            [EnsembleFixture.Fp32("Y", 0, 1)],
            maxBatchSize: 0,
            lanes: 8);
        fixture.AddEnsemble("e", Items.Replace("{ step", FormattableString.Invariant($"{{ max_inflight_requests: {most} step"), StringComparison.Ordinal)
            .Replace("\"5\"", "\"50\"", StringComparison.Ordinal) + """parameters { key: "step[0].parallel" value { string_value: "8" } }""");

        // More of them than the step has rooms, each with more items than rooms: nobody may hold a room while he waits for another.
        var asked = Enumerable.Range(0, 6).Select(_ => fixture.InferAsync(AskItems(fixture, 40))).ToArray();
        foreach (var outcome in await Task.WhenAll(asked))
        {
            Assert.Equal(Enumerable.Range(0, 40).Select(static i => i + 100f), TestTensor.Read<float>(outcome.Response!.Outputs[0]));
            outcome.Response.Dispose();
        }

        Assert.InRange(highest, 1, most);
        Assert.Equal(240, fixture.Served("plus").Statistics.Inferences);
    }

    [Theory]
    [InlineData("")]
    [InlineData("max_inflight_requests: 1")]
    public async Task ItemsOfEachResponseOfADecoupledStep_AreGatheredInOrder(string limit)
    {
        await using var fixture = new EnsembleFixture();
        fixture.Add("rows", SendRows, [EnsembleFixture.Fp32("X", 0, 1)], [EnsembleFixture.Fp32("Y", 0, -1, 1)], maxBatchSize: 0, isDecoupled: true);
        fixture.Add("twice", Work.Map(static values => values[0] * 2), lanes: 2);
        fixture.AddEnsemble("e", $$"""
            platform: "ensemble"
            input { name: "N" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: [ -1, 1 ] }
            ensemble_scheduling {
              {{limit}}
              step { model_name: "rows" input_map { key: "X" value: "N" } output_map { key: "Y" value: "r" } }
              step { model_name: "twice" input_map { key: "X" value: "r" } output_map { key: "Y" value: "OUT" } }
            }
            parameters { key: "step[1].each" value { string_value: "r" } }
            """);
        var read = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => DecoupledEnsembleTests.ReadAsync(fixture, "e", "", 12)));
        Assert.All(read, responses => Assert.Equal(Enumerable.Range(0, 12).Select(static n => $"OUT={string.Join(',', Enumerable.Range(0, n).Select(static i => 2 * i))}"), responses));
    }

    /// <summary>A decoupled model: answers a number n by n responses, of no row, of one, and so on.</summary>
    private static void SendRows(ExecutionBatch batch)
    {
        var count = (int)MemoryMarshal.Cast<byte, float>(batch.Inputs[0].Span)[0];
        for (var rows = 0; rows < count; rows++)
        {
            var values = MemoryMarshal.Cast<byte, float>(batch.AllocateOutput(0, new TensorShape(rows, 1), rows * sizeof(float)).Span);
            for (var i = 0; i < rows; i++)
            {
                values[i] = i;
            }

            batch.SendResponse();
        }
    }

    private static void InterlockedMax(ref int highest, int value)
    {
        for (var seen = Volatile.Read(ref highest); seen < value;)
        {
            var before = Interlocked.CompareExchange(ref highest, value, seen);
            seen = before == seen ? value : before;
        }
    }

    private static InferenceRequest AskItems(EnsembleFixture fixture, int count)
    {
        var request = fixture.Request("e");
        request.AddInput(TestTensor.Of<float>(fixture.Pool, "IN", TensorDataType.Fp32, new TensorShape(count, 1), [.. Enumerable.Range(0, count).Select(static i => (float)i)]));
        request.AddInput(TestTensor.Of<float>(fixture.Pool, "PLUS", TensorDataType.Fp32, new TensorShape(1), [100f]));
        return request;
    }

    private static EnsembleFixture MakeItems()
    {
        var fixture = new EnsembleFixture();
        fixture.Add("plus", Work.Map(static values => values.Sum()), [EnsembleFixture.Fp32("X", 0, 1), EnsembleFixture.Fp32("P", 0, 1)], [EnsembleFixture.Fp32("Y", 0, 1)], maxBatchSize: 0, lanes: 2);
        fixture.AddEnsemble("e", Items);
        return fixture;
    }

    private static EnsembleFixture MakeBranches()
    {
        var fixture = new EnsembleFixture();
        fixture.Add("big", Work.Map(static values => values[0] > 50 ? 1 : 0));
        fixture.Add("half", Work.Map(static values => values[0] / 2));
        fixture.Add("twice", Work.Map(static values => values[0] * 2));
        fixture.Add("next", Work.Map(static values => values[0] + 1));
        fixture.AddEnsemble("e", Branches);
        return fixture;
    }
}
