using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class SessionSettingsTests
{
    [Fact]
    public void Read_Nothing_SharesThreadsAndKeepsNoArena()
    {
        var settings = SessionSettingsReader.Read(OnnxModels.Context("model.onnx"));
        Assert.True(settings.UsesSharedThreads);
        Assert.Equal(2, settings.SharedIntraOpThreads);
        Assert.Equal(1, settings.SharedInterOpThreads);
        Assert.False(settings.MemoryArena);
        Assert.False(settings.MemoryPattern);
        Assert.Equal(ExecutionMode.ORT_SEQUENTIAL, settings.ExecutionMode);
        Assert.Equal(GraphOptimizationLevel.ORT_ENABLE_ALL, settings.Optimization);
        Assert.Empty(settings.Entries);
    }

    [Theory]
    [InlineData("intra_op_thread_count", "1", false)]
    [InlineData("inter_op_thread_count", "2", false)]
    [InlineData("execution_mode", "1", false)]
    [InlineData("session.intra_op_num_threads", "1", false)]
    [InlineData("session.intra_op_thread_affinities", "1", false)]
    [InlineData("intra_op_thread_count", "0", true)]
    [InlineData("execution_mode", "0", true)]
    [InlineData("session.dynamic_block_base", "4", true)]
    public void Read_ParameterAboutThreads_GivesTheModelPoolsOfItsOwn(string key, string value, bool shared) =>
        Assert.Equal(shared, SessionSettingsReader.Read(OnnxModels.Context("model.onnx", (key, value))).UsesSharedThreads);

    [Fact]
    public void Read_ServerSettings_SizeOrForbidTheSharedPool()
    {
        var context = OnnxModels.Context("model.onnx") with
        {
            BackendSettings = new Dictionary<string, string>
            {
                ["intra_op_thread_count"] = "3",
                ["inter_op_thread_count"] = "2",
                ["default-max-batch-size"] = "4",
            },
        };
        var settings = SessionSettingsReader.Read(context);
        Assert.True(settings.UsesSharedThreads);
        Assert.Equal(3, settings.SharedIntraOpThreads);
        Assert.Equal(2, settings.SharedInterOpThreads);

        var without = SessionSettingsReader.Read(context with { BackendSettings = new Dictionary<string, string> { ["enable-global-threadpool"] = "0" } });
        Assert.False(without.UsesSharedThreads);
    }

    [Theory]
    [InlineData(null, GraphOptimizationLevel.ORT_ENABLE_ALL)]
    [InlineData(0, GraphOptimizationLevel.ORT_ENABLE_ALL)]
    [InlineData(-1, GraphOptimizationLevel.ORT_ENABLE_BASIC)]
    [InlineData(1, GraphOptimizationLevel.ORT_ENABLE_EXTENDED)]
    [InlineData(2, GraphOptimizationLevel.ORT_DISABLE_ALL)]
    public void Read_OptimizationLevel_IsMapped(int? level, GraphOptimizationLevel expected) =>
        Assert.Equal(expected, SessionSettingsReader.Read(OnnxModels.Context("model.onnx") with { GraphOptimizationLevel = level }).Optimization);

    [Theory]
    [InlineData("intra_op_thread_count", "-1")]
    [InlineData("intra_op_thread_count", "many")]
    [InlineData("intra_op_thread_count", "")]
    [InlineData("intra_op_thread_count", "99999999999")]
    [InlineData("inter_op_thread_count", "1.5")]
    [InlineData("execution_mode", "2")]
    [InlineData("execution_mode", "parallel")]
    [InlineData("enable_mem_arena", "yes")]
    [InlineData("enable_mem_pattern", "2")]
    [InlineData("memory.enable_memory_arena_shrinkage", "cpu:0")]
    [InlineData("session.optimized_model_filepath", "/somewhere/else.onnx")]
    [InlineData("session.model_external_initializers_file_folder_path", "/")]
    [InlineData("session.collect_node_memory_stats_to_file", "x.csv")]
    [InlineData("session.enable_profiling", "1")]
    public void Read_NonsenseValue_NamesParameterAndWhatWasExpected(string key, string value)
    {
        var error = Assert.Throws<BackendException>(() => SessionSettingsReader.Read(OnnxModels.Context("model.onnx", (key, value))));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.StartsWith($"parameter '{key}': expected ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralFaults_ListsAll()
    {
        var context = OnnxModels.Context("model.onnx", ("execution_mode", "x"), ("enable_mem_arena", "y")) with
        {
            GraphOptimizationLevel = 7,
            BackendSettings = new Dictionary<string, string> { ["intra_op_thread_count"] = "z" },
        };
        var error = Assert.Throws<BackendException>(() => SessionSettingsReader.Read(context));
        Assert.Equal(4, error.Message.Split("; ").Length);
        Assert.Contains("backend setting 'intra_op_thread_count'", error.Message, StringComparison.Ordinal);
        Assert.Contains("optimization.graph.level: expected -1 (basic), 0 (all), 1 (extended) or 2 (none), got 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_UnknownParameter_WarnsWithItsName()
    {
        var context = OnnxModels.Context("model.onnx", ("intra_op_threads", "2"), ("enable_mem_arena", "true"));
        SessionSettingsReader.Read(context);
        Assert.Contains("'intra_op_threads'", Assert.Single(((RecordingBackendLog)context.Log).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EntryThatTheEngineRefuses_NamesTheModelsFile()
    {
        var error = OnnxModels.LoadFails(SampleOnnxModels.AddSub(), ("session.intra_op_thread_affinities", "nonsense"), ("intra_op_thread_count", "2"));
        Assert.StartsWith("'model.onnx' cannot be loaded: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EntryPassedThrough_ReachesTheEngine()
    {
        // Told to expect the engine's own format, it cannot read the usual one.
        var error = OnnxModels.LoadFails(SampleOnnxModels.AddSub(), ("session.load_model_format", "ORT"));
        Assert.StartsWith("'model.onnx' cannot be loaded: ", error.Message, StringComparison.Ordinal);
        OnnxModels.Load(SampleOnnxModels.AddSub(), ("session.load_model_format", "ONNX")).Dispose();
    }

    [Theory]
    [InlineData("intra_op_thread_count", "2")]
    [InlineData("execution_mode", "1")]
    [InlineData("enable_mem_arena", "1")]
    [InlineData("enable_mem_pattern", "1")]
    [InlineData("session.set_denormal_as_zero", "1")]
    public void Load_EachSetting_StillGivesTheRightAnswer(string key, string value)
    {
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("add_sub"), (key, value));
        AssertAdds(model);
    }

    [Fact]
    public void Load_ArenaThatShrinks_StillGivesTheRightAnswer()
    {
        using var model = OnnxModels.Load(
            RepositoryFiles.SampleModel("add_sub"), ("enable_mem_arena", "1"), ("memory.enable_memory_arena_shrinkage", "cpu:0"));
        AssertAdds(model);
    }

    private static void AssertAdds(IBackendModel model)
    {
        var row = TestTensor.Fp32("INPUT0", new TensorShape(1, 16), [.. Enumerable.Range(0, 16)]);
        Assert.Equal(Enumerable.Range(0, 16).Select(static i => 2f * i), OnnxModels.Run(model, row, row.Named("INPUT1"))["OUTPUT0"].As<float>());
    }
}
