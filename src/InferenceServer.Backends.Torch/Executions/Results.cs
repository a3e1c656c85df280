using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Torch.Bindings;
using InferenceServer.Backends.Torch.Engine;
using InferenceServer.Backends.Torch.Signatures;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Executions;

/// <summary>What a call has given: tensors, which become outputs without a copy where nothing else can change them.</summary>
/// <param name="tensors">They; null for what is nothing.</param>
internal sealed class Results(Tensor?[] tensors) : IDisposable
{
    /// <summary>Gives the outputs that are wanted.</summary>
    public void Give(IEngine engine, ExecutionPlan plan, ExecutionBatch batch)
    {
        var next = 0;
        for (var output = 0; output < plan.Binding.Results.Length; output++)
        {
            var part = plan.Binding.Results[output];
            var place = !plan.IsDirect ? next : part.Path.IsEmpty ? 0 : part.Path[0].Place;
            next += part.Type.Present.IsText ? 2 : 1;
            if (!batch.IsRequested(output))
            {
                continue;
            }

            var spec = plan.Binding.Signature.Outputs[output];
            var tensor = TakeToHost(engine, place, spec);
            if (part.Type.Present.IsText)
            {
                Texts.Write(tensor, TakeToHost(engine, place + 1, spec), output, spec, batch);
            }
            else
            {
                Give(tensor, place, part, plan, output, batch);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var tensor in tensors)
        {
            tensor?.Dispose();
        }
    }

    private Tensor TakeToHost(IEngine engine, int place, TensorSpec spec)
    {
        if (place >= tensors.Length)
        {
            throw new BackendException($"output '{spec.Name}' has place {place} in what the model gives, and it gives {tensors.Length} values");
        }

        if (tensors[place] is not { } tensor)
        {
            throw new BackendException($"the model gives nothing for output '{spec.Name}'");
        }

        var near = engine.ToHost(tensor);
        tensors[place] = near;
        return near;
    }

    private void Give(Tensor tensor, int place, ResultPart part, ExecutionPlan plan, int output, ExecutionBatch batch)
    {
        var spec = plan.Binding.Signature.Outputs[output];
        if (ElementTypes.ToEngine(spec.DataType) != tensor.dtype)
        {
            throw new BackendException($"output '{spec.Name}' is configured as {spec.DataType.ProtocolName()}, and the model gives {ElementTypes.NameOf(tensor.dtype)}");
        }

        var sizes = tensor.shape;
        if (sizes.Length > TensorShape.MaxRank)
        {
            throw new BackendException(ErrorCode.Unsupported, $"output '{spec.Name}' has {sizes.Length} dimensions, expected at most {TensorShape.MaxRank}");
        }

        var shape = part.Type.Present.Kind == TorchTypeKind.Tensor ? new TensorShape(sizes) : OutputShape.Fit(spec, tensor.numel());
        if (!shape.TryGetByteCount(spec.DataType, out var length) || length > int.MaxValue)
        {
            throw new BackendException(ErrorCode.Unsupported, $"output '{spec.Name}' of the shape {shape} is larger than 2 GiB");
        }

        if (length == 0 || plan.CopiesResults)
        {
            var memory = batch.AllocateOutput(output, shape, length);
            if (length > 0)
            {
                tensor.bytes.CopyTo(memory.Span);
            }

            return;
        }

        tensors[place] = null;
        batch.AdoptOutput(output, TensorBuffer.Adopt(PointerTo(tensor.bytes), length, tensor), shape);
    }

    private static unsafe nint PointerTo(Span<byte> memory) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));
}
