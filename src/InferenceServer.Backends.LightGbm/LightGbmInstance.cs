using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.LightGbm.Engine;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.LightGbm;

/// <summary>
/// One lane. The library reads the rows where the server has them and writes its binary64 results where the server wants them; only the numbers of leaves, which it
/// gives as binary64 too, go through memory of their own.
/// </summary>
internal sealed class LightGbmInstance(Booster booster, TreeModelShape shape, ModelSignature signature, TreeSettings settings) : IModelInstance
{
    public void Execute(ExecutionBatch batch)
    {
        using var rows = new FeatureRows(batch, signature);
        var count = (long)rows.Count;
        if (batch.IsRequested(TreeSignature.Prediction))
        {
            Write(batch, TreeSignature.Prediction, new TensorShape(count, shape.Groups), rows, Prediction.Normal, shape.Groups);
        }

        if (batch.IsRequested(TreeSignature.Raw))
        {
            Write(batch, TreeSignature.Raw, new TensorShape(count, shape.Groups), rows, Prediction.Raw, shape.Groups);
        }

        if (batch.IsRequested(TreeSignature.Leaves))
        {
            WriteLeaves(batch, rows);
        }

        if (batch.IsRequested(TreeSignature.Contributions))
        {
            var columns = shape.Features + 1;
            Write(batch, TreeSignature.Contributions, new TensorShape(count, shape.Groups, columns), rows, Prediction.Contributions, (long)shape.Groups * columns);
        }
    }

    public void Dispose()
    {
        // The booster is the model's.
    }

    private void Write(ExecutionBatch batch, int output, TensorShape outputShape, in FeatureRows rows, Prediction kind, long width)
    {
        var buffer = batch.AllocateOutput(output, outputShape, rows.Count * width * sizeof(double));
        booster.Predict(rows, kind, buffer.Pointer, width, settings.Threads);
    }

    private unsafe void WriteLeaves(ExecutionBatch batch, in FeatureRows rows)
    {
        var elements = (long)rows.Count * shape.Trees;
        using var numbers = new NativeBlock(elements * sizeof(double));
        booster.Predict(rows, Prediction.Leaves, numbers.Pointer, shape.Trees, settings.Threads);
        var leaves = (int*)batch.AllocateOutput(TreeSignature.Leaves, new TensorShape(rows.Count, shape.Trees), elements * sizeof(int)).Pointer;
        for (long i = 0; i < elements; i++)
        {
            leaves[i] = (int)((double*)numbers.Pointer)[i];
        }
    }
}
