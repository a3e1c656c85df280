using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>Calls the engine.</summary>
internal sealed class EngineProviders : IProviders
{
    public IReadOnlyCollection<string> Available => OrtEnv.Instance().GetAvailableProviders();

    public void Append(SessionOptions options, ExecutionProvider provider)
    {
        var values = provider.Options.ToDictionary(StringComparer.Ordinal);
        switch (provider.Kind)
        {
            case var kind when kind == ProviderKind.Cpu:
                options.AppendExecutionProvider_CPU(options.EnableCpuMemArena ? 1 : 0);
                break;
            case var kind when kind == ProviderKind.Cuda:
                using (var cuda = new OrtCUDAProviderOptions())
                {
                    cuda.UpdateOptions(values);
                    options.AppendExecutionProvider_CUDA(cuda);
                }

                break;
            case var kind when kind == ProviderKind.TensorRt:
                using (var tensorRt = new OrtTensorRTProviderOptions())
                {
                    tensorRt.UpdateOptions(values);
                    options.AppendExecutionProvider_Tensorrt(tensorRt);
                }

                break;
            case var kind when kind == ProviderKind.Rocm:
                using (var rocm = new OrtROCMProviderOptions())
                {
                    rocm.UpdateOptions(values);
                    options.AppendExecutionProvider_ROCm(rocm);
                }

                break;
            case var kind when kind == ProviderKind.DirectMl:
                // It cannot have either, and says no more than that a session cannot be made.
                options.EnableMemoryPattern = false;
                options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
                options.AppendExecutionProvider_DML(DeviceOf(provider));
                break;
            case var kind when kind == ProviderKind.OneDnn:
                options.AppendExecutionProvider_Dnnl(options.EnableCpuMemArena ? 1 : 0);
                break;
            case var kind when kind == ProviderKind.MiGraphX:
                options.AppendExecutionProvider_MIGraphX(DeviceOf(provider));
                break;
            default:
                options.AppendExecutionProvider(provider.Kind.AppendName, values);
                break;
        }
    }

    private static int DeviceOf(ExecutionProvider provider) =>
        provider.Options.TryGetValue(ProviderSettings.DeviceOption, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var device) ? device : 0;
}
