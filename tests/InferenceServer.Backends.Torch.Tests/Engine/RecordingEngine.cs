using InferenceServer.Backends.Torch.Engine;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Tests.Engine;

/// <summary>An engine with GPUs that are the processor, and which writes down what it is asked.</summary>
internal sealed class RecordingEngine(int gpus) : IEngine
{
    private readonly TorchEngine _engine = new();

    public List<string> Calls { get; } = [];

    public int GpuCount => gpus;

    public IModule Load(ModuleSource source, int? gpu, out bool wasTraining)
    {
        Calls.Add($"load {gpu?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "cpu"}");
        return _engine.Load(source, null, out wasTraining);
    }

    public Tensor ToGpu(Tensor tensor, int gpu)
    {
        Calls.Add($"to {gpu} [{string.Join(',', tensor.shape)}]");
        return tensor.clone();
    }

    public Tensor ToHost(Tensor tensor)
    {
        Calls.Add($"to host [{string.Join(',', tensor.shape)}]");
        return _engine.ToHost(tensor);
    }
}
