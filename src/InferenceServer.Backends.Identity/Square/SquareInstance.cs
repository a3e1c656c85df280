using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Identity.Square;

internal sealed class SquareInstance : IModelInstance
{
    public void Execute(ExecutionBatch batch)
    {
        var values = MemoryMarshal.Cast<byte, int>(DecoupledExample.Input(batch, "IN").Span);
        if (values.Length != 1 || values[0] < 0)
        {
            batch.SendError(ErrorCode.InvalidArgument, values.Length != 1
                ? $"expected 1 element in 'IN', got [{values.Length}]"
                : $"expected a number of responses of at least 0 in 'IN', got {values[0]}");
            return;
        }

        for (var i = 0; i < values[0]; i++)
        {
            MemoryMarshal.Write(batch.AllocateOutput(0, new TensorShape(1), sizeof(int)).Span, values[0]);
            batch.SendResponse();
        }
    }

    public void Dispose()
    {
    }
}
