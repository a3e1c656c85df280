using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;

/// <summary>One lane: called by one thread at a time, with the rows of all requests that it runs together.</summary>
internal sealed class LinearInstance(float[][] rows) : IModelInstance
{
    public void Execute(ExecutionBatch batch)
    {
        var features = rows[0].Length - 1;
        var x = MemoryMarshal.Cast<byte, float>(batch.Inputs[0].Span);
        var shape = new TensorShape(batch.Rows, rows.Length);
        var y = MemoryMarshal.Cast<byte, float>(batch.AllocateOutput(0, shape, (long)batch.Rows * rows.Length * sizeof(float)).Span);
        for (var row = 0; row < batch.Rows; row++)
        {
            for (var output = 0; output < rows.Length; output++)
            {
                var weights = rows[output];
                var sum = weights[features];
                for (var i = 0; i < features; i++)
                {
                    sum += weights[i] * x[(row * features) + i];
                }

                y[(row * rows.Length) + output] = sum;
            }
        }
    }

    public void Dispose()
    {
    }
}
