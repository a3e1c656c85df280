using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.MLNet.Columns;
using InferenceServer.Backends.MLNet.Executions;
using Microsoft.ML;

namespace InferenceServer.Backends.MLNet;

/// <summary>A pipeline that is loaded. It may be used from any number of threads; what is not thread safe belongs to the instances.</summary>
internal sealed class MLNetModel(ITransformer pipeline, PipelineColumns columns) : IBackendModel
{
    /// <inheritdoc />
    public ModelSignature Signature => columns.Signature;

    /// <inheritdoc />
    public bool HasLightInstances => true;

    /// <inheritdoc />
    public IModelInstance CreateInstance(InstancePlacement placement) => placement.Kind == InstanceKind.Gpu
        ? throw new BackendException(ErrorCode.Unsupported, $"instance '{placement.Name}' asks for KIND_GPU, and ML.NET runs on the CPU; write kind: KIND_CPU")
        : new MLNetInstance(columns);

    /// <inheritdoc />
    public void Dispose() => (pipeline as IDisposable)?.Dispose();
}
