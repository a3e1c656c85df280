using CsCheck;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Testing;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>
/// Whatever is asked together, everybody gets the answer to his own question: random row counts, random requested outputs, random
/// clients who leave, over outputs of numbers and of strings.
/// </summary>
public sealed class BatchPropertyTests
{
    private static readonly Gen<(int Rows, int Outputs, bool Leaves)[]> s_callers =
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 4], Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true)))).Array[1, 32];

    [Fact]
    public async Task EveryCaller_GetsItsOwnRows()
    {
        await using var model = new ServedModelFixture(
            [ServedModelFixture.Tensor("X", TensorDataType.Int32, 8, 2), ServedModelFixture.Tensor("S", TensorDataType.Bytes, 8, 1)],
            [ServedModelFixture.Tensor("TWICE", TensorDataType.Int32, 8, 2), ServedModelFixture.Tensor("ECHO", TensorDataType.Bytes, 8, 1)],
            lanes: 2);
        model.Backend.Execute = static batch =>
        {
            var numbers = TestTensor.Read<int>(batch.Inputs[0]);
            if (batch.IsRequested(0))
            {
                var twice = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(batch.AllocateOutput(0, batch.Inputs[0].Shape, batch.Inputs[0].Length).Span);
                for (var i = 0; i < numbers.Length; i++)
                {
                    twice[i] = numbers[i] * 2;
                }
            }

            if (batch.IsRequested(1))
            {
                batch.Inputs[1].Span.CopyTo(batch.AllocateOutput(1, batch.Inputs[1].Shape, batch.Inputs[1].Length).Span);
            }
        };
        await s_callers.SampleAsync(callers => Task.WhenAll(callers.Select((caller, index) => Task.Run(() => AskAsync(model, caller, index)))), iter: 100, threads: 1);
        Assert.Equal(0, model.Pool.RentedBuffers);
        Assert.True(model.Statistics.Executions < model.Statistics.Successes, "nothing was ever batched, so the test shows nothing");
    }

    private static async Task AskAsync(ServedModelFixture model, (int Rows, int Outputs, bool Leaves) caller, int index)
    {
        using var leaving = new CancellationTokenSource();
        var request = model.Request($"{index}");
        var numbers = Enumerable.Range(0, caller.Rows * 2).Select(i => index * 1000 + i).ToArray();
        var strings = Enumerable.Range(0, caller.Rows).Select(i => new string((char)('a' + index % 26), (index + i) % 7) + i).ToArray();
        request.AddInput(TestTensor.OfStrings(model.Pool, "S", new TensorShape(caller.Rows, 1), strings));
        request.AddInput(TestTensor.Of<int>(model.Pool, "X", TensorDataType.Int32, new TensorShape(caller.Rows, 2), numbers));
        string[] wanted = caller.Outputs switch { 1 => ["TWICE"], 2 => ["ECHO"], 3 => ["ECHO", "TWICE"], 4 => ["TWICE", "ECHO"], _ => [] };
        request.RequestedOutputs.AddRange(wanted);
        var task = model.Engine.InferAsync(request, leaving.Token).AsTask();
        if (caller.Leaves)
        {
            await leaving.CancelAsync();
        }

        var outcome = await task.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
        using var response = outcome.Response;
        if (response is null)
        {
            Assert.True(caller.Leaves, outcome.Error?.Message);
            return;
        }

        Check(response, wanted.Length == 0 ? ["TWICE", "ECHO"] : wanted, caller.Rows, numbers, strings);
    }

    private static void Check(InferenceResponse response, string[] wanted, int rows, int[] numbers, string[] strings)
    {
        Assert.Equal(wanted.Length, response.Outputs.Length);
        for (var i = 0; i < wanted.Length; i++)
        {
            var output = response.Outputs[i];
            Assert.Equal(wanted[i], output.Name);
            Assert.Equal(rows, output.Shape[0]);
            if (output.Name == "TWICE")
            {
                Assert.Equal(numbers.Select(static number => number * 2), TestTensor.Read<int>(output));
            }
            else
            {
                Assert.Equal(strings, TestTensor.ReadStrings(output));
            }
        }
    }
}
