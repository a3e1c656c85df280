using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary><c>inference-server check</c>, as a pipeline runs it.</summary>
public sealed class CheckCommandTests
{
    [Fact]
    public async Task SampleRepository_WouldServe()
    {
        var (code, output) = await CheckAsync(SampleServer.Repository);
        Assert.True(code == 0, output);
        Assert.Contains("ok      digits version 1", output, StringComparison.Ordinal);
        Assert.Contains("ok      digits_reader version 1", output, StringComparison.Ordinal);
        Assert.Contains("10 would serve, 0 would not, 0 warnings", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryMistakeOfEveryFile_IsToldAtOnce()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("good/1/model.onnx", ScaledModel.Of(2));
        repository.Write("good/01/model.onnx", "junk"u8);
        repository.Write("misspelt/1/model.onnx", ScaledModel.Of(2));
        repository.Write("misspelt/config.pbtxt", "max_batch_sise: 4\nbackend: 5");
        repository.Write("half/1/model.onnx", ScaledModel.Of(2));
        repository.Write("half/2/model.onnx", "junk"u8);
        repository.Write("half/config.pbtxt", "version_policy: { all { } }");
        repository.Write("contradicts/1/model.onnx", ScaledModel.Of(2));
        repository.Write("contradicts/config.pbtxt", "input { name: \"Z\" data_type: TYPE_FP32 dims: [ 1 ] }");
        repository.Write("chain/config.pbtxt", Ensemble("good"));
        repository.Write("chain/1/.keep", ""u8);
        repository.Write("loose/config.pbtxt", Ensemble("god"));
        repository.Write("loose/1/.keep", ""u8);
        var (code, output) = await CheckAsync(repository.FullPath);
        Assert.True(code == 1, output);
        Assert.Contains("ok      chain version 1", output, StringComparison.Ordinal);
        Assert.Contains("error   loose version 1: config.pbtxt:1:", output, StringComparison.Ordinal);
        Assert.Contains("no repository has the model 'god' of step[0]; did you mean 'good'?", output, StringComparison.Ordinal);
        Assert.Contains("ok      good version 1", output, StringComparison.Ordinal);
        Assert.Contains("warning good version 1: folder '01' is ignored", output, StringComparison.Ordinal);
        Assert.Contains("error   misspelt: config.pbtxt:1:1: unknown field 'max_batch_sise'", output, StringComparison.Ordinal);
        Assert.Contains("error   misspelt: config.pbtxt:2:10:", output, StringComparison.Ordinal);
        Assert.Contains("ok      half version 1", output, StringComparison.Ordinal);
        Assert.Contains("error   half version 2:", output, StringComparison.Ordinal);
        Assert.Contains("error   contradicts version 1: config.pbtxt:1:", output, StringComparison.Ordinal);
        Assert.Contains("3 would serve, 4 would not, 1 warning", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongOption_IsToldAsAtStart()
    {
        using var process = ServerProcess.Start("check", "/nowhere/at/all", "--http-prot=1");
        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Contains("/nowhere/at/all", process.Log, StringComparison.Ordinal);
        Assert.Contains("--http-prot", process.Log, StringComparison.Ordinal);
    }

    private static byte[] Ensemble(string model) => System.Text.Encoding.UTF8.GetBytes(
        $$"""input { name: "X" data_type: TYPE_FP32 dims: 1 } output { name: "Y" data_type: TYPE_FP32 dims: 1 } ensemble_scheduling { step { model_name: "{{model}}" input_map { key: "X" value: "X" } output_map { key: "Y" value: "Y" } } }""");

    private static async Task<(int Code, string Output)> CheckAsync(string repository)
    {
        using var process = ServerProcess.Start("check", repository);
        return (await process.WaitForExitAsync(), process.Output + process.Log);
    }
}
