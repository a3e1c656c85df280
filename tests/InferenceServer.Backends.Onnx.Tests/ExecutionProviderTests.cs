using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Providers;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Testing.Files;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>From what a configuration says to what the engine is told, and to what a load says when the engine cannot do it.</summary>
public sealed class ExecutionProviderTests
{
    private static readonly InstancePlacement s_cpu = new("m_0", InstanceKind.Cpu, 0);

    [Fact]
    public void Load_List_AppendsInItsOrderWithEveryOption()
    {
        var providers = new RecordingProviders("tensorrt", "cuda");
        using var model = Load(providers, [], [s_cpu], ("execution_providers", "tensorrt, CUDAExecutionProvider,cpu"), ("cuda.gpu_mem_limit", "1024"), ("cuda.device_id", "1"), ("tensorrt.trt_fp16_enable", "1"));
        Assert.Equal(["tensorrt trt_fp16_enable=1", "cuda device_id=1 gpu_mem_limit=1024", "cpu"], providers.Appended);
    }

    [Fact]
    public void Load_NothingSaid_AppendsNothing()
    {
        var providers = new RecordingProviders("cuda");
        using var model = Load(providers, [], [s_cpu]);
        Assert.Empty(providers.Appended);
    }

    [Fact]
    public void Load_GroupsOnTwoGpusAndTheProcessor_HasASessionForEachWithItsDevice()
    {
        var providers = new RecordingProviders("cuda");
        InstancePlacement[] placements = [new("g_0", InstanceKind.Gpu, 1), new("g_1", InstanceKind.Gpu, 1), new("g_2", InstanceKind.Gpu, 3), s_cpu];
        using var model = Load(providers, [], placements, ("cuda.arena_extend_strategy", "kSameAsRequested"));
        Assert.Equal(["cuda arena_extend_strategy=kSameAsRequested device_id=1"], providers.Appended);
        foreach (var placement in placements.Concat(placements))
        {
            Assert.Equal(8, Infer(model, placement));
        }

        Assert.Equal(["cuda arena_extend_strategy=kSameAsRequested device_id=1", "cuda arena_extend_strategy=kSameAsRequested device_id=3"], providers.Appended);
    }

    [Fact]
    public void Load_Accelerators_AreForTheirKindOfInstanceAndCudaComesLast()
    {
        var providers = new RecordingProviders("cuda", "tensorrt", "openvino");
        ExecutionAccelerator[] accelerators =
        [
            Accelerator("tensorrt", InstanceKind.Gpu, ("precision_mode", "FP16"), ("max_workspace_size_bytes", "1073741824"), ("trt_builder_optimization_level", "5")),
            Accelerator("openvino", InstanceKind.Cpu, ("num_of_threads", "4")),
        ];
        using var model = Load(providers, accelerators, [new("g_0", InstanceKind.Gpu, 2), s_cpu]);
        Infer(model, s_cpu);
        Assert.Equal(
            ["tensorrt device_id=2 trt_builder_optimization_level=5 trt_fp16_enable=1 trt_max_workspace_size=1073741824", "cuda device_id=2", "openvino num_of_threads=4"],
            providers.Appended);
    }

    [Fact]
    public void Load_CudaAccelerator_HasItsParametersAndIsNotAppendedTwice()
    {
        var providers = new RecordingProviders("cuda");
        using var model = Load(providers, [Accelerator("cuda", InstanceKind.Gpu, ("gpu_mem_limit", "1"), ("use_tf32", "0"))], [new("g_0", InstanceKind.Gpu, 0)]);
        Assert.Equal(["cuda device_id=0 gpu_mem_limit=1 use_tf32=0"], providers.Appended);
    }

    [Theory]
    [InlineData("INT8", "trt_int8_enable=1")]
    [InlineData("BF16", "trt_bf16_enable=1")]
    [InlineData("FP32", "")]
    public void Read_Precision_IsTheEnginesSwitch(string mode, string expected)
    {
        var errors = new List<string>();
        var provider = AcceleratorReader.Read(Accelerator("tensorrt", InstanceKind.Gpu, ("precision_mode", mode)), errors);
        Assert.Empty(errors);
        Assert.Equal(expected, string.Join(' ', provider!.Options.Select(static option => $"{option.Key}={option.Value}")));
    }

    [Theory]
    [InlineData("tensorrt", InstanceKind.Cpu, "", "", "expected the name openvino, got 'tensorrt'")]
    [InlineData("auto", InstanceKind.Gpu, "", "", "expected the name tensorrt or cuda, got 'auto'")]
    [InlineData("tensorrt", InstanceKind.Gpu, "precision_mode", "FP8", "'FP8': expected BF16, FP16, FP32, INT8")]
    [InlineData("tensorrt", InstanceKind.Gpu, "max_workspace", "1", "'max_workspace': expected precision_mode, ")]
    [InlineData("tensorrt", InstanceKind.Gpu, "trt_engine_cache_path", "/tmp", "'trt_engine_cache_path' of the accelerator 'tensorrt'|allow-provider-files=1")]
    public void Load_WrongAccelerator_SaysWhatWasExpected(string name, InstanceKind kind, string key, string value, string words)
    {
        var accelerator = key.Length > 0 ? Accelerator(name, kind, (key, value)) : Accelerator(name, kind);
        AssertSays(words, Assert.Throws<BackendException>(() => Load(new RecordingProviders("cuda", "tensorrt", "openvino"), [accelerator], [s_cpu]).Dispose()), ErrorCode.InvalidArgument);
    }

    [Theory]
    [InlineData("execution_providers", "cuda,nvidia", "got 'nvidia'")]
    [InlineData("execution_providers", "cuda,cuda", "'cuda' twice")]
    [InlineData("execution_providers", "", "got ''")]
    [InlineData("fallback", "gpu", "parameter 'fallback': expected cpu, got 'gpu'")]
    [InlineData("cuda.gpu_mem_limit", "1", "parameter 'cuda.gpu_mem_limit': expected 'execution_providers' to name cuda")]
    [InlineData("cpu.use_arena", "1", "parameter 'cpu.use_arena'|enable_mem_arena")]
    [InlineData("tensorrt.trt_extra_plugin_lib_paths", "/tmp/x.so", "'tensorrt.trt_extra_plugin_lib_paths'|allow-provider-files=1")]
    public void Load_WrongParameter_SaysWhatWasExpected(string key, string value, string words) =>
        AssertSays(words, Assert.Throws<BackendException>(() => Load(new RecordingProviders("cuda"), [], [s_cpu], (key, value)).Dispose()), ErrorCode.InvalidArgument);

    [Fact]
    public void Load_FilesAllowedByTheServer_ArePassedOn()
    {
        var providers = new RecordingProviders("tensorrt");
        using var model = Load(
            providers, [], [s_cpu], c => c with { BackendSettings = new Dictionary<string, string> { ["allow-provider-files"] = "1" } }, ("execution_providers", "tensorrt"), ("tensorrt.trt_engine_cache_path", "/var/cache"));
        Assert.Equal(["tensorrt trt_engine_cache_path=/var/cache"], providers.Appended);
    }

    [Fact]
    public void Load_DeviceGivenTwice_IsRefused() =>
        AssertSays("device_id|KIND_GPU", Assert.Throws<BackendException>(() => Load(new RecordingProviders("cuda"), [], [new("g_0", InstanceKind.Gpu, 0)], ("cuda.device_id", "1")).Dispose()), ErrorCode.InvalidArgument);

    [Fact]
    public void Load_ListsByGroup_HasASessionForEachWithItsListAndOptions()
    {
        var providers = new RecordingProviders("cuda", "tensorrt", "openvino", "xnnpack");
        InstancePlacement[] placements =
        [
            new("fast_0", InstanceKind.Gpu, 1) { Group = "fast" }, new("fast_1", InstanceKind.Gpu, 1) { Group = "fast" },
            new("small_0", InstanceKind.Cpu, 0) { Group = "small" }, new("rest_0", InstanceKind.Cpu, 0) { Group = "rest" },
        ];
        using var model = Load(
            providers,
            [],
            placements,
            ("execution_providers", "openvino"),
            ("openvino.num_of_threads", "2"),
            ("group.fast.execution_providers", "tensorrt,cuda"),
            ("group.fast.cuda.gpu_mem_limit", "1024"),
            ("group.small.openvino.num_of_threads", "1"));
        foreach (var placement in placements.Concat(placements))
        {
            Assert.Equal(8, Infer(model, placement));
        }

        Assert.Equal(["tensorrt device_id=1", "cuda device_id=1 gpu_mem_limit=1024", "openvino num_of_threads=1", "openvino num_of_threads=2"], providers.Appended);
    }

    [Fact]
    public void Load_GroupWithAListBesideAccelerators_LeavesThoseToTheOthers()
    {
        var providers = new RecordingProviders("openvino", "xnnpack");
        InstancePlacement[] placements = [new("a_0", InstanceKind.Cpu, 0) { Group = "a" }, new("b_0", InstanceKind.Cpu, 0) { Group = "b.c" }];
        using var model = Load(providers, [Accelerator("openvino", InstanceKind.Cpu)], placements, ("group.b.c.execution_providers", "xnnpack"));
        Array.ForEach(placements, placement => Assert.Equal(8, Infer(model, placement)));
        Assert.Equal(["openvino", "xnnpack"], providers.Appended);
    }

    [Theory]
    [InlineData("group.c.execution_providers", "cuda", "parameter 'group.c.execution_providers': expected the name of an instance_group behind 'group.', one of 'a', 'b'")]
    [InlineData("group.a.execution_providers", "cuda,nvidia", "parameter 'group.a.execution_providers': expected names out of |got 'nvidia'")]
    [InlineData("group.a.fallback", "gpu", "parameter 'group.a.fallback': expected cpu, got 'gpu'")]
    [InlineData("group.a.cuda.gpu_mem_limit", "1", "parameter 'group.a.cuda.gpu_mem_limit': expected 'group.a.execution_providers' to name cuda")]
    [InlineData("group.a.cpu.use_arena", "1", "parameter 'group.a.cpu.use_arena': the processor takes no options")]
    [InlineData("group.a.threads", "1", "parameter 'group.a.threads': expected execution_providers, fallback or <provider>.<option> behind the group's name, got 'threads'")]
    [InlineData("group.a.tensorrt.trt_engine_cache_path", "/tmp", "'group.a.tensorrt.trt_engine_cache_path'|allow-provider-files=1")]
    public void Load_WrongParameterOfAGroup_SaysWhatWasExpected(string key, string value, string words)
    {
        InstancePlacement[] placements = [new("a_0", InstanceKind.Cpu, 0) { Group = "a" }, new("b_0", InstanceKind.Cpu, 0) { Group = "b" }];
        AssertSays(words, Assert.Throws<BackendException>(() => Load(new RecordingProviders("cuda"), [], placements, (key, value)).Dispose()), ErrorCode.InvalidArgument);
    }

    [Fact]
    public void Load_FallbackOfOneGroup_IsForThatGroupAlone()
    {
        InstancePlacement[] placements = [new("a_0", InstanceKind.Cpu, 0) { Group = "a" }, new("b_0", InstanceKind.Cpu, 0) { Group = "b" }];
        (string, string)[] parameters = [("group.a.execution_providers", "cuda"), ("group.a.fallback", "cpu")];
        using var model = Load(new RecordingProviders(), [], placements, parameters);
        Assert.Equal(8, Infer(model, placements[0]));
        AssertSays(
            "instance 'b_0' asks for the execution provider openvino",
            Assert.Throws<BackendException>(() => Load(new RecordingProviders(), [], placements, [.. parameters, ("group.b.execution_providers", "openvino")]).Dispose()),
            ErrorCode.Unsupported);
    }

    [Fact]
    public void Load_TritonsParametersOfCuda_ReachItByTheEnginesNames()
    {
        var providers = new RecordingProviders("cuda");
        using var model = Load(
            providers, [], [new("g_0", InstanceKind.Gpu, 0)], ("gpu_mem_limit", "4294967200"), ("arena_extend_strategy", "1"), ("cudnn_conv_algo_search", "0"), ("do_copy_in_default_stream", "1"));
        Assert.Equal(["cuda arena_extend_strategy=kSameAsRequested cudnn_conv_algo_search=EXHAUSTIVE device_id=0 do_copy_in_default_stream=1 gpu_mem_limit=4294967200"], providers.Appended);
    }

    [Fact]
    public void Load_TritonsParametersOfCudaOnTheProcessor_AreToldToHaveNoEffect()
    {
        var context = OnnxModels.Context(RepositoryFiles.SampleModel("digits"), ("gpu_mem_limit", "1"));
        OnnxModels.Load(context).Dispose();
        Assert.Equal("parameter 'gpu_mem_limit' has no effect, since no instance runs on cuda", Assert.Single(((RecordingBackendLog)context.Log).Warnings));
    }

    [Theory]
    [InlineData("arena_extend_strategy", "2", "expected 0 (kNextPowerOfTwo), 1 (kSameAsRequested), got '2'")]
    [InlineData("cudnn_conv_algo_search", "fast", "expected 0 (EXHAUSTIVE), 1 (HEURISTIC), 2 (DEFAULT), got 'fast'")]
    public void Load_WrongParameterOfCudaInTritonsForm_SaysWhatWasExpected(string key, string value, string words) =>
        AssertSays(words, Assert.Throws<BackendException>(() => Load(new RecordingProviders("cuda"), [], [new("g_0", InstanceKind.Gpu, 0)], (key, value)).Dispose()), ErrorCode.InvalidArgument);

    [Fact]
    public void Load_OptionOfCudaGivenInBothForms_IsRefused() => AssertSays(
        "parameter 'gpu_mem_limit': expected either it or 'cuda.gpu_mem_limit'",
        Assert.Throws<BackendException>(() => Load(new RecordingProviders("cuda"), [], [new("g_0", InstanceKind.Gpu, 0)], ("gpu_mem_limit", "1"), ("cuda.gpu_mem_limit", "2")).Dispose()),
        ErrorCode.InvalidArgument);

    [Fact]
    public void Load_GpuOnABuildWithout_SaysWhatToInstallInOneSentence()
    {
        var error = Assert.Throws<BackendException>(() => Load(new RecordingProviders(), [], [new InstancePlacement("digits_0", InstanceKind.Gpu, 1)]).Dispose());
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.StartsWith("instance 'digits_0' asks for GPU 1 and so for the execution provider cuda, and this build of ONNX Runtime has cpu; to have it, ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            " to have it, build the server with -p:OnnxRuntime=Gpu and install CUDA and cuDNN; to serve on the CPU instead, set the parameter 'fallback' to 'cpu', or use the kind KIND_CPU",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void CreateInstance_LaterOnAGpu_SaysTheSame()
    {
        using var model = Load(new RecordingProviders(), [], [s_cpu]);
        AssertSays("'digits_0' asks for GPU 1|-p:OnnxRuntime=Gpu", Assert.Throws<BackendException>(() => model.CreateInstance(new InstancePlacement("digits_0", InstanceKind.Gpu, 1))), ErrorCode.Unsupported);
    }

    [Theory]
    [InlineData("cuda", "CUDA and cuDNN")]
    [InlineData("tensorrt", "TensorRT")]
    [InlineData("openvino", "a native ONNX Runtime that has it")]
    public void Load_ListedProviderThatABuildLacks_NamesItAndWhatItTakes(string name, string words)
    {
        var error = Assert.Throws<BackendException>(() => Load(new RecordingProviders(), [], [s_cpu], ("execution_providers", name)).Dispose());
        AssertSays($"asks for the execution provider {name},|{words}|'fallback'", error, ErrorCode.Unsupported);
    }

    [Fact]
    public void Load_GpuOnTheRealEngine_FailsAndSaysWhatIsMissing()
    {
        Assert.SkipWhen(File.Exists("/proc/driver/nvidia/version"), "this machine has a GPU");
        var error = OnnxModels.LoadFails(OnnxModels.Context(RepositoryFiles.SampleModel("digits")) with { Placements = [new InstancePlacement("digits_0", InstanceKind.Gpu, 0)] });
        AssertSays("cuda|CUDA and cuDNN|'fallback'", error, error.Code);
    }

    [Theory]
    [InlineData(InstanceKind.Gpu, null)]
    [InlineData(InstanceKind.Cpu, "tensorrt,cuda")]
    public void Load_WithFallback_ServesOnTheProcessorAndSaysSo(InstanceKind kind, string? list)
    {
        (string, string)[] parameters = list is null ? [("fallback", "cpu")] : [("fallback", "cpu"), ("execution_providers", list)];
        var placement = new InstancePlacement("digits_0", kind, 0);
        var context = OnnxModels.Context(RepositoryFiles.SampleModel("digits"), parameters) with { Placements = [placement] };
        using var model = OnnxModels.Load(context);
        Assert.Equal(8, Infer(model, placement));
        var warning = Assert.Single(((RecordingBackendLog)context.Log).Warnings);
        Assert.Contains("it runs on the CPU instead", warning, StringComparison.Ordinal);
        Assert.Contains("cuda", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OnlyOneMissingWithFallback_RunsOnTheRest()
    {
        var providers = new RecordingProviders("cuda");
        using var model = Load(providers, [], [s_cpu], ("fallback", "cpu"), ("execution_providers", "tensorrt,cuda"));
        Assert.Equal(["cuda"], providers.Appended);
    }

    [Fact]
    public void Load_EngineCannotUseTheProvider_SaysWhyAndWithFallbackServes()
    {
        // The engine has the provider, and the libraries of the machine are not there.
        using var options = new SessionOptions();
        var native = Assert.Throws<OnnxRuntimeException>(() => options.AppendExecutionProvider("QNN"));
        var providers = new RecordingProviders("cuda") { Failure = native };
        AssertSays("cannot be loaded for cuda: |cuda needs a GPU, its driver, CUDA and cuDNN|'fallback'", Assert.Throws<BackendException>(() => Load(providers, [], [new("g_0", InstanceKind.Gpu, 0)]).Dispose()), ErrorCode.Unavailable);
        using var model = Load(providers, [], [new("g_0", InstanceKind.Gpu, 0)], ("fallback", "cpu"));
        Assert.Equal(8, Infer(model, new("g_0", InstanceKind.Gpu, 0)));
    }

    [Theory]
    [InlineData("xnnpack")]
    [InlineData("openvino")]
    [InlineData("cuda")]
    [InlineData("tensorrt")]
    [InlineData("directml")]
    [InlineData("dnnl")]
    [InlineData("rocm")]
    [InlineData("migraphx")]
    [InlineData("qnn")]
    public void Append_ProviderThatTheLibraryLacks_FailsAsTheEngineFailsAndNoOther(string name)
    {
        // What is called is what the library exports or knows by name: nothing but its refusal comes back.
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("digits"));
        using var options = new SessionOptions();
        var kind = ProviderKind.Find(name)!;
        var provider = new ExecutionProvider(kind, ImmutableSortedDictionary<string, string>.Empty);
        var error = Record.Exception(() => new EngineProviders().Append(options, provider));
        Assert.True(error is OnnxRuntimeException or EntryPointNotFoundException, $"{error}");
    }

    private static ExecutionAccelerator Accelerator(string name, InstanceKind kind, params (string Key, string Value)[] parameters) =>
        new(name, kind) { Parameters = parameters.ToDictionary(static one => one.Key, static one => one.Value) };

    private static IBackendModel Load(RecordingProviders providers, ExecutionAccelerator[] accelerators, InstancePlacement[] placements, params (string Key, string Value)[] parameters) =>
        Load(providers, accelerators, placements, static context => context, parameters);

    private static IBackendModel Load(
        RecordingProviders providers, ExecutionAccelerator[] accelerators, InstancePlacement[] placements, Func<ModelLoadContext, ModelLoadContext> change, params (string Key, string Value)[] parameters)
    {
        var context = change(OnnxModels.Context(RepositoryFiles.SampleModel("digits"), parameters) with { Placements = [.. placements], Accelerators = [.. accelerators] });
        return OnnxModels.Load(context, new OnnxBackend(providers, TimeProvider.System));
    }

    private static long Infer(IBackendModel model, InstancePlacement placement) =>
        OnnxModels.Run(model, placement, TestTensor.Fp32("image", new TensorShape(8, 1, 8, 8), new float[512]))["probs"].Shape[0];

    private static void AssertSays(string words, BackendException error, ErrorCode code)
    {
        Assert.Equal(code, error.Code);
        Assert.All(words.Split('|'), word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }
}
