using TorchSharp;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Engine;

/// <summary>libtorch itself.</summary>
internal sealed class TorchEngine : IEngine
{
    /// <inheritdoc />
    public int GpuCount => cuda.is_available() ? cuda.device_count() : 0;

    /// <inheritdoc />
    public IModule Load(ModuleSource source, int? gpu)
    {
        var type = gpu is null ? DeviceType.CPU : DeviceType.CUDA;
        var module = source.Content is { } content ? jit.load(content, type, gpu ?? -1) : jit.load(source.Path, type, gpu ?? -1);
        module.eval();
        return new TorchModule(module);
    }

    /// <inheritdoc />
    public Tensor ToGpu(Tensor tensor, int gpu) => tensor.to(DeviceType.CUDA, gpu);

    /// <inheritdoc />
    public Tensor ToHost(Tensor tensor)
    {
        if (tensor.device_type == DeviceType.CPU && tensor.is_contiguous())
        {
            return tensor;
        }

        using (tensor)
        {
            using var near = tensor.cpu();
            return near.contiguous();
        }
    }

    private sealed class TorchModule(jit.ScriptModule module) : IModule
    {
        public object? Call(string method, object?[] arguments) => module.invoke(method, arguments!);

        public void Dispose() => module.Dispose();
    }
}
