using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Xunit;
using static InferenceServer.Core.Tests.Scheduling.SchedulingFixture;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>Requests of several shapes in one execution, and what the model is told of them.</summary>
public sealed class RaggedBatchTests
{
    private static readonly long[][] s_shapes = [[1, 3], [2, 2], [1, 1]];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<BatchInputKind, TensorDataType, string, string> Kinds => new()
    {
        { BatchInputKind.ElementCount, TensorDataType.Int32, "[3]", "3,4,1" },
        { BatchInputKind.AccumulatedElementCount, TensorDataType.Fp32, "[3]", "3,7,8" },
        { BatchInputKind.AccumulatedElementCountWithZero, TensorDataType.Int32, "[4]", "0,3,7,8" },
        { BatchInputKind.MaxElementCountAsShape, TensorDataType.Fp32, "[4]", "0,0,0,0" },
        { BatchInputKind.ItemShape, TensorDataType.Int32, "[4,1]", "3,2,2,1" },
        { BatchInputKind.ItemShapeFlatten, TensorDataType.Fp32, "[4]", "3,2,2,1" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task GeneratedInput_TellsOfEveryRequest(BatchInputKind kind, TensorDataType type, string shape, string numbers)
    {
        await using var model = Make(new BatchInputConfig(kind, ["A"], type, "X"), type);
        string? seen = null;
        var values = Array.Empty<float>();
        await RunTogetherAsync(model, batch =>
        {
            // The order is the model's: A, X.
            Assert.Equal(["A", "X"], batch.Inputs.ToArray().Select(static input => input.Name));
            values = TestTensor.Read<float>(batch.Inputs[1]);
            Assert.Equal([values.Length], batch.Inputs[1].Shape.AsSpan());
            var told = batch.Inputs[0];
            seen = $"[{string.Join(',', told.Shape.AsSpan().ToArray())}] " + string.Join(',', type == TensorDataType.Int32 ? TestTensor.Read<int>(told).Select(static number => (float)number) : TestTensor.Read<float>(told));
        });
        Assert.Equal($"{shape} {numbers}", seen);
        Assert.Equal([0f, 1f, 2f, 10f, 11f, 12f, 13f, 20f], values);
    }

    [Fact]
    public async Task ScatteredOutput_HasTheShapesOfTheInput()
    {
        await using var model = Make(new BatchInputConfig(BatchInputKind.ElementCount, ["A"], TensorDataType.Int32, "X"), TensorDataType.Int32, isScattered: true);
        var responses = await RunTogetherAsync(model, static batch => Assert.Equal([8], batch.Inputs[1].Shape.AsSpan()));
        for (var i = 0; i < responses.Length; i++)
        {
            Assert.Equal(s_shapes[i], responses[i].Outputs[0].Shape.AsSpan());
            Assert.Equal(Values(i), TestTensor.Read<float>(responses[i].Outputs[0]));
            responses[i].Dispose();
        }
    }

    [Fact]
    public async Task ScatteredOutput_OfAnotherSize_IsTheModelsFault()
    {
        await using var model = Make(new BatchInputConfig(BatchInputKind.ElementCount, ["A"], TensorDataType.Int32, "X"), TensorDataType.Int32, isScattered: true);
        model.Backend.Execute = static batch => batch.AllocateOutput(0, new TensorShape(2), 8);
        var error = await FailAsync(model.Engine.InferAsync(Request(model, 0), Token));
        Assert.Contains("2 elements, expected 3, as many as input 'X' has", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoneRequest_ReachesTheModelFlatToo()
    {
        await using var model = Make(new BatchInputConfig(BatchInputKind.ItemShape, ["A"], TensorDataType.Int32, "X"), TensorDataType.Int32, isScattered: true);
        model.Backend.Execute = static batch =>
        {
            Assert.Equal([4], batch.Inputs[1].Shape.AsSpan());
            Assert.Equal([2, 1], batch.Inputs[0].Shape.AsSpan());
            batch.Inputs[1].Span.CopyTo(batch.AllocateOutput(0, batch.Inputs[1].Shape, 16).Span);
        };
        using var response = await SucceedAsync(model.Engine.InferAsync(Request(model, 1), Token));
        Assert.Equal([2, 2], response.Outputs[0].Shape.AsSpan());
    }

    private static ServedModelFixture Make(BatchInputConfig made, TensorDataType type, bool isScattered = false)
    {
        var flat = new TensorShape(TensorShape.Free);
        var input = ServedModelFixture.Tensor("X", TensorDataType.Fp32, 8, -1) with { AllowsRagged = true, ModelShape = flat };
        var output = ServedModelFixture.Tensor("Y", TensorDataType.Fp32, 8, isScattered ? -1 : 1);
        return new ServedModelFixture(
            [input],
            [isScattered ? output with { ModelShape = flat } : output],
            change: config => config with { BatchInputs = [made], BatchOutputs = isScattered ? [new BatchOutputConfig(["Y"], "X")] : [] },
            generatedFirst: [new TensorSpec("A", type, flat)]);
    }

    /// <summary>Has the three requests run in one execution.</summary>
    private static async Task<InferenceResponse[]> RunTogetherAsync(ServedModelFixture model, Action<Abstractions.Backends.ExecutionBatch> look)
    {
        var gate = model.Backend.Gate = new ExecutionGate();
        model.Backend.Execute = Answer;
        var blocker = model.Engine.InferAsync(Request(model, 0), Token).AsTask();
        await gate.WaitForArrivalAsync();
        model.Backend.Execute = batch =>
        {
            if (batch.RequestCount == s_shapes.Length)
            {
                look(batch);
            }

            Answer(batch);
        };
        var pending = s_shapes.Select((_, i) => model.Engine.InferAsync(Request(model, i), Token).AsTask()).ToArray();
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        var responses = new InferenceResponse[pending.Length];
        for (var i = 0; i < pending.Length; i++)
        {
            responses[i] = await SucceedAsync(pending[i]);
        }

        Assert.Equal(2, model.Backend.Executions);
        if (model.Served.Config.BatchOutputs.IsEmpty)
        {
            Array.ForEach(responses, static response => response.Dispose());
        }

        return responses;

        // One number a row, or the elements as they came.
        void Answer(Abstractions.Backends.ExecutionBatch batch)
        {
            var flat = batch.Inputs[1];
            if (model.Served.Config.BatchOutputs.IsEmpty)
            {
                batch.AllocateOutput(0, new TensorShape(batch.Rows, 1), batch.Rows * sizeof(float));
            }
            else
            {
                flat.Span.CopyTo(batch.AllocateOutput(0, flat.Shape, flat.Length).Span);
            }
        }
    }

    private static float[] Values(int request) => [.. Enumerable.Range(0, (int)(s_shapes[request][0] * s_shapes[request][1])).Select(i => (10f * request) + i)];

    private static InferenceRequest Request(ServedModelFixture model, int number)
    {
        var request = model.Request();
        request.AddInput(TestTensor.Of<float>(model.Pool, "X", TensorDataType.Fp32, new TensorShape(s_shapes[number]), Values(number)));
        return request;
    }
}
