using System.Text;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>Optimised graphs from one load to the next, with the real engine and a real folder.</summary>
public sealed class GraphCacheTests : IDisposable
{
    private readonly GraphFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("digits")]
    [InlineData("digits_fp16")]
    [InlineData("moby_gpt")]
    [InlineData("text_embedding")]
    [InlineData("wine")]
    [InlineData("convolutions")]
    public void Load_SecondTime_TakesTheKeptGraphAndAnswersBitForBitTheSame(string name)
    {
        var file = name == "convolutions" ? _folder.Directory.Write("m/model.onnx", Convolutions()) : RepositoryFiles.SampleModel(name);
        var plain = Answers(OnnxModels.Context(file));
        var first = _folder.Context(file);
        Assert.Equal(plain, Answers(first));
        GraphFolder.AssertSaid(first, GraphFolder.Kept);
        var second = _folder.Context(file);
        Assert.Equal(plain, Answers(second));
        GraphFolder.AssertSaid(second, GraphFolder.Used);
        Assert.Single(_folder.Entries());
    }

    [Fact]
    public void Load_KeptGraph_HasTheSameSignatureOptionalInputsIncluded()
    {
        var file = _folder.Directory.Write("m/model.onnx", GraphFolder.Scaled(3));
        using var first = OnnxModels.Load(_folder.Context(file));
        using var second = OnnxModels.Load(_folder.Context(file));
        Assert.Equal(first.Signature.Inputs, second.Signature.Inputs);
        Assert.Equal(first.Signature.Outputs, second.Signature.Outputs);
        Assert.Equal([3f, 6], OnnxModels.Run(second, TestTensor.Fp32("x", new TensorShape(2), 1, 2))["y"].As<float>());
        Assert.Equal([5f, 10], OnnxModels.Run(second, TestTensor.Fp32("x", new TensorShape(2), 1, 2), TestTensor.Fp32("scale", new TensorShape(1), 5))["y"].As<float>());
    }

    [Fact]
    public void Load_ContentOfTheModelOrOfItsExternalDataChanged_IsAnotherKey()
    {
        var file = _folder.Directory.Write("m/model.onnx", External());
        var weights = _folder.Directory.Write("m/data/weights.bin", new byte[8]);
        var stamp = File.GetLastWriteTimeUtc(weights);
        Assert.Equal([0f, 0], Doubled(file, GraphFolder.Kept));
        _folder.Directory.Write("m/data/weights.bin", [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]);
        File.SetLastWriteTimeUtc(weights, stamp);
        Assert.Equal([1f, 2], Doubled(file, GraphFolder.Kept));
        Assert.Equal([1f, 2], Doubled(file, GraphFolder.Used));

        // The same content elsewhere and at another time is the same model.
        var copy = _folder.Directory.Write("copy/model.onnx", External());
        _folder.Directory.Write("copy/data/weights.bin", File.ReadAllBytes(weights));
        Assert.Equal([1f, 2], Doubled(copy, GraphFolder.Used));
        Assert.Equal(2, _folder.Entries().Length);
    }

    [Fact]
    public void Load_OtherOptionsThatChangeTheGraph_IsAnotherKey()
    {
        var file = RepositoryFiles.SampleModel("digits");
        Func<ModelLoadContext, ModelLoadContext>[] changes =
        [
            static context => context,
            static context => context with { GraphOptimizationLevel = -1 },
            static context => context with { GraphOptimizationLevel = 1 },
            static context => context with { Parameters = new Dictionary<string, string> { ["free_dimension.batch"] = "4" } },
            static context => context with { Parameters = new Dictionary<string, string> { ["free_dimension.batch"] = "5" } },
            static context => context with { Parameters = new Dictionary<string, string> { ["session.disable_prepacking"] = "1" } },
        ];
        foreach (var said in new[] { GraphFolder.Kept, GraphFolder.Used })
        {
            foreach (var change in changes)
            {
                var context = change(_folder.Context(file));
                OnnxModels.Load(context).Dispose();
                GraphFolder.AssertSaid(context, said);
            }
        }

        Assert.Equal(changes.Length, _folder.Entries().Length);

        // Threads do not change a graph.
        var threads = _folder.Context(file, ("intra_op_thread_count", "2"));
        OnnxModels.Load(threads).Dispose();
        GraphFolder.AssertSaid(threads, GraphFolder.Used);
    }

    [Fact]
    public void Load_MoreThanMayBeKept_ThoseNotUsedForLongestGo()
    {
        var files = Enumerable.Range(0, 3).Select(i => _folder.Directory.Write($"m{i}/model.onnx", PerceptronModel.Of(128, i + 2))).ToList();
        var sizes = new List<long>();
        foreach (var file in files)
        {
            OnnxModels.Load(_folder.Context(file), _folder.Backend()).Dispose();
            sizes.Add(SizeOf(_folder.Path) - sizes.Sum());
            _folder.Time.Advance(TimeSpan.FromMinutes(1));
        }

        OnnxModels.Load(_folder.Context(files[0]), _folder.Backend()).Dispose();
        _folder.Time.Advance(TimeSpan.FromMinutes(1));
        var fourth = _folder.Directory.Write("m3/model.onnx", PerceptronModel.Of(128, 1));
        var limit = (sizes.Sum() - 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
        OnnxModels.Load(_folder.Limited(fourth, limit), _folder.Backend()).Dispose();
        AssertSaidOnLoad(files[0], limit, GraphFolder.Used);
        AssertSaidOnLoad(files[2], limit, GraphFolder.Used);
        AssertSaidOnLoad(fourth, limit, GraphFolder.Used);
        AssertSaidOnLoad(files[1], limit, GraphFolder.Kept);
        Assert.True(SizeOf(_folder.Path) <= sizes.Sum() - 1);
    }

    [Fact]
    public void Load_LargerThanAllMayBe_IsNotKeptAndServes()
    {
        var file = RepositoryFiles.SampleModel("digits");
        AssertSaidOnLoad(file, "1000", "it alone takes more than the backend setting optimized-graph-max-bytes allows");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Load_TheSameModelManyTimesAtOnce_IsKeptOnceAndEveryLoadServes()
    {
        var file = _folder.Directory.Write("m/model.onnx", PerceptronModel.Of(128, 4));
        var row = TestTensor.Fp32("X", new TensorShape(1, 128), [.. Enumerable.Range(0, 128).Select(static i => (float)i)]);
        var loads = Enumerable.Range(0, 16).Select(_ => Task.Run(() => GraphFolder.Run(_folder.Context(file), row)));
        var answers = await Task.WhenAll(loads);
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Load_DraftOfAServerThatIsGone_IsRemovedAndOneUnderWayIsNot()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, ".draft-old"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, ".draft-new"));
        Directory.SetLastWriteTimeUtc(Path.Combine(_folder.Path, ".draft-old"), _folder.Time.GetUtcNow().UtcDateTime.AddHours(-2));
        OnnxModels.Load(_folder.Context(RepositoryFiles.SampleModel("digits")), _folder.Backend()).Dispose();
        Assert.Equal([".draft-new"], Directory.GetDirectories(_folder.Path, ".*").Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(null, "session.graph_optimization_level", "enable_all", "the parameter 'session.graph_optimization_level'")]
    [InlineData(2, "report_placement", "0", "its graph is not optimised")]
    public void Load_ModelWhoseGraphCannotBeKept_SaysWhyAndServes(int? level, string key, string value, string words)
    {
        var context = _folder.Context(RepositoryFiles.SampleModel("digits"), (key, value)) with { GraphOptimizationLevel = level };
        OnnxModels.Load(context).Dispose();
        GraphFolder.AssertSaid(context, words);
        Assert.False(Directory.Exists(_folder.Path));
    }

    [Fact]
    public void Load_ModelThatStaysOut_WritesNothing()
    {
        var context = _folder.Context(RepositoryFiles.SampleModel("digits"), ("optimized_graph_cache", "0"));
        OnnxModels.Load(context).Dispose();
        Assert.Empty(GraphFolder.Log(context).Infos);
        Assert.False(Directory.Exists(_folder.Path));
    }

    [Fact]
    public void Load_OtherProvidersThanTheProcessor_WritesNothing()
    {
        var context = _folder.Context(RepositoryFiles.SampleModel("digits"), ("execution_providers", "cuda"));
        OnnxModels.Load(context, new OnnxBackend(new RecordingProviders("cuda"), _folder.Time)).Dispose();
        Assert.False(Directory.Exists(_folder.Path));
    }

    [Fact]
    public void Load_AskedForWithoutAFolder_SaysWhatIsMissing()
    {
        var error = OnnxModels.LoadFails(OnnxModels.Context(RepositoryFiles.SampleModel("digits"), ("optimized_graph_cache", "1")));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains("'optimized_graph_cache': expected the server to run with the backend setting optimized-graph-folder=<folder>", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("10G")]
    public void Load_WrongSize_SaysWhatWasExpected(string size)
    {
        var error = OnnxModels.LoadFails(_folder.Limited(RepositoryFiles.SampleModel("digits"), size));
        Assert.Contains($"'optimized-graph-max-bytes': expected a whole number of bytes from 1, got '{size}'", error.Message, StringComparison.Ordinal);
    }

    private static byte[] External() => new OnnxModelBuilder()
        .Input("x", OnnxElementType.Float, 2)
        .Output("y", OnnxElementType.Float, 2)
        .Initializer("w", OnnxTensor.External(OnnxElementType.Float, [2], "data/weights.bin"))
        .Node("Mul", ["x", "w"], ["y"])
        .Build();

    /// <summary>Layers that the engine lays out for the processor.</summary>
    private static byte[] Convolutions()
    {
        var random = new Random(5);
        float[] Weights(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
        return new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "batch", 16, 8, 8)
            .Output("y", OnnxElementType.Float, "batch", 32, 4, 4)
            .Initializer("w1", OnnxTensor.Floats([32, 16, 3, 3], Weights(32 * 16 * 9)))
            .Initializer("b1", OnnxTensor.Floats([32], Weights(32)))
            .Initializer("w2", OnnxTensor.Floats([32, 32, 1, 1], Weights(32 * 32)))
            .Node("Conv", ["x", "w1", "b1"], ["c1"], OnnxAttribute.Ints("pads", 1, 1, 1, 1))
            .Node("Relu", ["c1"], ["r1"])
            .Node("Conv", ["r1", "w2"], ["c2"])
            .Node("MaxPool", ["c2"], ["y"], OnnxAttribute.Ints("kernel_shape", 2, 2), OnnxAttribute.Ints("strides", 2, 2))
            .Build();
    }

    private static long SizeOf(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Sum(static file => new FileInfo(file).Length);

    private static float[] Doubled(string file, ModelLoadContext context)
    {
        using var model = OnnxModels.Load(context with { ModelFile = file });
        return OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(2), 1, 1))["y"].As<float>();
    }

    /// <summary>All that the model answers to made-up inputs, bit by bit.</summary>
    private static string Answers(ModelLoadContext context)
    {
        using var model = OnnxModels.Load(context);
        var random = new Random(3);
        var inputs = model.Signature.Inputs.Where(static input => !input.IsOptional).Select(input => MadeUp(input, random)).ToArray();
        var text = new StringBuilder();
        foreach (var (name, output) in OnnxModels.Run(model, inputs))
        {
            text.Append(name).Append(output.Shape).AppendLine(Convert.ToHexString(output.Data.Span));
        }

        return text.ToString();
    }

    private static TestTensor MadeUp(TensorSpec input, Random random)
    {
        var shape = new TensorShape([.. input.Shape.AsSpan().ToArray().Select(static size => size == TensorShape.Free ? 1 : size)]);
        Assert.True(shape.TryGetElementCount(out var count));
        return input.DataType switch
        {
            TensorDataType.Fp32 => TestTensor.Fp32(input.Name, shape, [.. Enumerable.Range(0, (int)count).Select(_ => (float)random.NextDouble())]),
            TensorDataType.Fp16 => TestTensor.Of(input.Name, TensorDataType.Fp16, shape, [.. Enumerable.Range(0, (int)count).Select(_ => (Half)random.NextDouble())]),
            TensorDataType.Int64 => TestTensor.Int64(input.Name, shape, [.. Enumerable.Range(0, (int)count).Select(_ => (long)random.Next(50))]),
            _ => TestTensor.Text(input.Name, shape, [.. Enumerable.Range(0, (int)count).Select(static i => $"the state of the union {i}")]),
        };
    }

    private float[] Doubled(string file, string said)
    {
        var context = _folder.Context(file);
        var values = Doubled(file, context);
        GraphFolder.AssertSaid(context, said);
        return values;
    }

    private void AssertSaidOnLoad(string file, string limit, string words)
    {
        var context = _folder.Limited(file, limit);
        OnnxModels.Load(context, _folder.Backend()).Dispose();
        GraphFolder.AssertSaid(context, words);
    }
}
