using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Onnx.Executions;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx;

/// <summary>The session of one version. The engine runs it from many threads at once, so every instance uses this one.</summary>
internal sealed class OnnxModel(InferenceSession session, SessionSignature signature, SessionSettings settings, SessionLog log) : IBackendModel
{
    public ModelSignature Signature => signature.Tensors;

    public IModelInstance CreateInstance(InstancePlacement placement)
    {
        if (placement.Kind == InstanceKind.Gpu)
        {
            throw new BackendException(
                ErrorCode.Unsupported,
                $"instance '{placement.Name}' asks for GPU {placement.DeviceId}, and this build runs ONNX models on the processor only; use the kind KIND_CPU");
        }

        return new OnnxInstance(session, signature, settings);
    }

    public void Dispose()
    {
        using var change = NativeHeap.BeginChange();
        session.Dispose();
        log.Dispose();
    }
}
