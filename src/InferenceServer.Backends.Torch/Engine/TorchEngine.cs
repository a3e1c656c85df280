using TorchSharp;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Engine;

/// <summary>libtorch itself.</summary>
internal sealed class TorchEngine : IEngine
{
    /// <inheritdoc />
    public int GpuCount => cuda.is_available() ? cuda.device_count() : 0;

    /// <inheritdoc />
    public IModule Load(ModuleSource source, int? gpu, out bool wasTraining)
    {
        var module = NativeModule.Load(source, gpu);
        wasTraining = module.IsTraining;
        module.Evaluate();
        return module;
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
}
