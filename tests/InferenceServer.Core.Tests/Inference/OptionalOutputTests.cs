using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Inference;

/// <summary>Outputs that cost extra are computed for requests that name them.</summary>
public sealed class OptionalOutputTests
{
    private static readonly ModelTensor s_usual = ServedModelFixture.Tensor("Y", TensorDataType.Fp32, 8, 4);
    private static readonly ModelTensor s_extra = ServedModelFixture.Tensor("Z", TensorDataType.Fp32, 8, 4) with { IsOptional = true };

    [Theory]
    [InlineData("", "Y")]
    [InlineData("Z", "Z")]
    [InlineData("Z,Y", "Z,Y")]
    [InlineData("Y", "Y")]
    public async Task Request_NamesOutputs_GetsTheseOrTheUsualOnes(string named, string given)
    {
        await using var model = new ServedModelFixture(outputs: [s_usual, s_extra]);
        Assert.Equal(given, await AskAsync(model, named));
    }

    [Fact]
    public async Task Request_ModelHasNothingButOptionalOutputs_GetsAll()
    {
        await using var model = new ServedModelFixture(outputs: [s_usual with { IsOptional = true }, s_extra]);
        Assert.Equal("Y,Z", await AskAsync(model, ""));
    }

    private static async Task<string> AskAsync(ServedModelFixture model, string named)
    {
        var asked = new List<int>();
        model.Backend.Execute = batch => Answer(batch, asked);
        var request = model.Request();
        request.AddInput(TestTensor.Of<float>(model.Pool, "X", TensorDataType.Fp32, new TensorShape(1, 4), [1, 2, 3, 4]));
        request.RequestedOutputs.AddRange(named.Split(',', StringSplitOptions.RemoveEmptyEntries));
        var outcome = await model.Engine.InferAsync(request, TestContext.Current.CancellationToken);
        Assert.True(outcome.IsSuccess, outcome.Error?.Message);
        using var response = outcome.Response;
        var given = string.Join(',', response.Outputs.ToArray().Select(static output => output.Name));
        Assert.Equal(given.Split(',').Order(StringComparer.Ordinal), asked.Select(static output => output == 0 ? "Y" : "Z"));
        return given;
    }

    private static void Answer(ExecutionBatch batch, List<int> asked)
    {
        for (var output = 0; output < 2; output++)
        {
            if (batch.IsRequested(output))
            {
                asked.Add(output);
                batch.Inputs[0].Span.CopyTo(batch.AllocateOutput(output, batch.Inputs[0].Shape, batch.Inputs[0].Length).Span);
            }
        }
    }
}
