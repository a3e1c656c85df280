using System.Collections.Immutable;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>A kind of execution provider.</summary>
/// <param name="Name">What configurations call it, such as <c>cuda</c>.</param>
/// <param name="EngineName">What the engine lists it as.</param>
/// <param name="AppendName">What the engine wants to hear where it has no call of its own for it.</param>
/// <param name="Install">What to do to have it.</param>
/// <param name="HasDevices">True when the option <c>device_id</c> says on which GPU it runs.</param>
internal sealed record ProviderKind(string Name, string EngineName, string AppendName, string Install, bool HasDevices = false)
{
    /// <summary>What must be on the machine for it.</summary>
    public string Needs { get; init; } = "its device, and the libraries of that";

    private const string EngineSuffix = "ExecutionProvider";
    private const string OtherBuild = "build the server with a native ONNX Runtime that has it";
    private const string GpuBuild = "build the server with -p:OnnxRuntime=Gpu and install CUDA and cuDNN";

    public static ProviderKind Cpu { get; } = Plain("cpu", "CPU", "");

    public static ProviderKind Cuda { get; } = Plain("cuda", "CUDA", GpuBuild) with { HasDevices = true, Needs = "a GPU, its driver, CUDA and cuDNN" };

    public static ProviderKind TensorRt { get; } = Plain("tensorrt", "Tensorrt", $"{GpuBuild}, and TensorRT") with { HasDevices = true, Needs = "a GPU, its driver, CUDA, cuDNN and TensorRT" };

    public static ProviderKind OpenVino { get; } = Plain("openvino", "OpenVINO", OtherBuild);

    public static ProviderKind DirectMl { get; } = Plain("directml", "Dml", OtherBuild) with { HasDevices = true };

    public static ProviderKind OneDnn { get; } = Plain("dnnl", "Dnnl", OtherBuild);

    public static ProviderKind Rocm { get; } = Plain("rocm", "ROCM", OtherBuild) with { HasDevices = true };

    public static ProviderKind MiGraphX { get; } = Plain("migraphx", "MIGraphX", OtherBuild) with { HasDevices = true };

    /// <summary>All that a configuration can name.</summary>
    public static ImmutableArray<ProviderKind> All { get; } =
    [
        Cpu,
        Cuda,
        TensorRt,
        OpenVino,
        DirectMl,
        OneDnn,
        Rocm,
        MiGraphX,
        Plain("nvtensorrtrtx", "NvTensorRTRTX", OtherBuild) with { HasDevices = true },
        Plain("xnnpack", "XNNPACK", OtherBuild),
        Plain("coreml", "CoreML", OtherBuild),
        Plain("qnn", "QNN", OtherBuild),
        Plain("vitisai", "VitisAI", OtherBuild),
        Plain("webgpu", "WebGPU", OtherBuild),
    ];

    /// <summary>The kind that is meant by a name of either form, such as <c>cuda</c> or <c>CUDAExecutionProvider</c>; null when there is none.</summary>
    public static ProviderKind? Find(string name) =>
        All.FirstOrDefault(kind => kind.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || kind.EngineName.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The short name of what the engine lists.</summary>
    public static string NameOf(string engineName) =>
        Find(engineName)?.Name ?? (engineName.EndsWith(EngineSuffix, StringComparison.Ordinal) ? engineName[..^EngineSuffix.Length] : engineName);

    private static ProviderKind Plain(string name, string engine, string install) => new(name, engine + EngineSuffix, engine, install);
}
