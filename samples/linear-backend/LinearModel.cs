using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

/// <summary>The weights of one version, which its instances share.</summary>
internal sealed class LinearModel(float[][] rows) : IBackendModel
{
    public ModelSignature Signature { get; } = new(
        [new TensorSpec("x", TensorDataType.Fp32, new TensorShape(-1, rows[0].Length - 1))],
        [new TensorSpec("y", TensorDataType.Fp32, new TensorShape(-1, rows.Length))]);

    public IModelInstance CreateInstance(InstancePlacement placement) => new LinearInstance(rows);

    public void Dispose()
    {
    }
}
