using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Trees;
using InferenceServer.Backends.XGBoost.Engine;

namespace InferenceServer.Backends.XGBoost;

/// <summary>
/// One lane. For predictions and raw scores the library reads the rows where the server has them; for leaves and contributions it knows only matrices of its own, and the
/// rows are copied into one. Its results lie in its memory until the thread's next call, and are copied out.
/// </summary>
internal sealed class XGBoostInstance(Booster booster, TreeModelShape shape, ModelSignature signature) : IModelInstance
{
    public void Execute(ExecutionBatch batch)
    {
        using var rows = new FeatureRows(batch, signature);
        var count = (long)rows.Count;
        Write(batch, TreeSignature.Prediction, Prediction.Normal, new TensorShape(count, shape.Predictions), shape.Predictions, rows, null);
        Write(batch, TreeSignature.Raw, Prediction.Raw, new TensorShape(count, shape.Groups), shape.Groups, rows, null);
        if (!batch.IsRequested(TreeSignature.Leaves) && !batch.IsRequested(TreeSignature.Contributions))
        {
            return;
        }

        using var matrix = rows.Count == 0 ? null : Booster.MakeMatrix(rows);
        var columns = shape.Features + 1;
        Write(batch, TreeSignature.Contributions, Prediction.Contributions, new TensorShape(count, shape.Groups, columns), (long)shape.Groups * columns, rows, matrix);
        Write(batch, TreeSignature.Leaves, Prediction.Leaves, new TensorShape(count, shape.Trees), shape.Trees, rows, matrix);
    }

    public void Dispose()
    {
        // The booster is the model's.
    }

    private unsafe void Write(ExecutionBatch batch, int output, Prediction kind, TensorShape outputShape, long width, in FeatureRows rows, MatrixHandle? matrix)
    {
        if (!batch.IsRequested(output))
        {
            return;
        }

        // Results are binary32 and numbers of leaves are written as INT32, so that an element takes four bytes either way.
        var elements = rows.Count * width;
        var buffer = batch.AllocateOutput(output, outputShape, elements * sizeof(float));
        if (elements == 0)
        {
            return;
        }

        var result = matrix is null ? booster.Predict(rows, kind, width) : booster.Predict(matrix, kind, rows.Count, width);
        if (kind != Prediction.Leaves)
        {
            Buffer.MemoryCopy(result, (void*)buffer.Pointer, buffer.Length, elements * sizeof(float));
            return;
        }

        var leaves = (int*)buffer.Pointer;
        for (long i = 0; i < elements; i++)
        {
            leaves[i] = (int)result[i];
        }
    }
}
