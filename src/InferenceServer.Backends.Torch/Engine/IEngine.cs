using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Engine;

/// <summary>What the backend asks of libtorch beside tensors. Tests put a recorder in its place for devices that a machine does not have.</summary>
internal interface IEngine
{
    /// <summary>How many GPUs it can use; 0 where it was built for none.</summary>
    int GpuCount { get; }

    /// <summary>Loads a model.</summary>
    /// <param name="source">What to load: the path of a file or the content of one.</param>
    /// <param name="gpu">The GPU that it is to be on; null for the processor.</param>
    /// <param name="wasTraining">True when it was saved as it is trained; it is made ready for use.</param>
    IModule Load(ModuleSource source, int? gpu, out bool wasTraining);

    /// <summary>A tensor on a GPU that has the values of one in the processor's memory. The caller owns both.</summary>
    Tensor ToGpu(Tensor tensor, int gpu);

    /// <summary>A tensor in the processor's memory, in one piece; the same when it is there. The caller owns the result in place of what it gave.</summary>
    Tensor ToHost(Tensor tensor);
}
