using InferenceServer.Core.Lifecycle;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>ONNX models with outputs that are no tensors, and with devices that are not there.</summary>
public sealed class OnnxModelTests : IDisposable
{
    private static readonly string[] s_cultivars = ["barbera", "barolo", "grignolino"];

    private readonly TemporaryDirectory _repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> EveryEncoding => Encodings.All;

    public void Dispose() => _repository.Dispose();

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task ZipMap_RowsOfManyRequests_GetTheirOwnValuesAndKeys(string encoding)
    {
        _repository.Write("wine.onnx", File.ReadAllBytes(Path.Combine(RepositoryRoot.Path, "tests", "data", "wine_zipmap.onnx")));
        var (features, probabilities, labels) = SampleData.Wines();
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        var metadata = await server.Http.GetStringAsync("/v2/models/wine", Token);
        Assert.Contains("""{"name":"probabilities","datatype":"FP32","shape":[-1,-1]},{"name":"probabilities_keys","datatype":"BYTES","shape":[-1,-1]}""", metadata, StringComparison.Ordinal);

        // At once, so that some share an execution; each also asks for two rows of its own.
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => server.Over(encoding).AskAsync(
            new Question("wine", QuestionInput.Floats("features", [2, 13], [.. features[i], .. features[(i + 1) % 8]])), Token)));
        for (var i = 0; i < answers.Length; i++)
        {
            var answer = answers[i].MustSucceed();
            Assert.Equal([labels[i], labels[(i + 1) % 8]], answer["label"].Texts);
            Assert.Equal([2, 3], answer["probabilities"].Shape);
            Assert.Equal([.. s_cultivars, .. s_cultivars], answer["probabilities_keys"].Texts);

            // The forest's own order of classes is barolo, grignolino, barbera.
            double[] expected = [.. new[] { i, (i + 1) % 8 }.Select(row => probabilities[row]).SelectMany(static row => new double[] { row[2], row[0], row[1] })];
            Assert.All(expected.Zip(answer["probabilities"].Numbers), static pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public async Task Gpu_OnABuildWithout_FailsWithOneSentenceOrServesWithFallback()
    {
        var digits = File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx"));
        foreach (var (model, config) in new[]
        {
            ("refused", "instance_group { count: 2 kind: KIND_GPU gpus: [ 1 ] }"),
            ("listed", "parameters { key: \"execution_providers\" value { string_value: \"tensorrt,cuda\" } }"),
            ("accelerated", "optimization { execution_accelerators { cpu_execution_accelerator { name: \"openvino\" } } }"),
            ("served", "instance_group { count: 2 kind: KIND_GPU } parameters { key: \"fallback\" value { string_value: \"cpu\" } }"),
        })
        {
            _repository.Write($"{model}/1/model.onnx", digits);
            _repository.Write($"{model}/config.pbtxt", config);
        }

        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true);
        string Reason(string model) => Assert.Single(server.Statuses, status => status.Name == model && status.State == ModelState.Failed).Reason;
        Assert.StartsWith("instance 'refused_0_0' asks for GPU 1 and so for the execution provider cuda", Reason("refused"), StringComparison.Ordinal);
        Assert.Contains("-p:OnnxRuntime=Gpu", Reason("refused"), StringComparison.Ordinal);
        Assert.Contains("execution providers tensorrt and cuda", Reason("listed"), StringComparison.Ordinal);
        Assert.Contains("execution provider openvino", Reason("accelerated"), StringComparison.Ordinal);
        var (images, _, _) = SampleData.Digits();
        (await server.Over(Encodings.Json).AskAsync(new Question("served", QuestionInput.Floats("image", [1, 1, 8, 8], images[0])), Token)).MustSucceed();
        Assert.Contains(server.Log.Events, static one => one.RenderMessage().Contains("it runs on the CPU instead", StringComparison.Ordinal));
    }
}
