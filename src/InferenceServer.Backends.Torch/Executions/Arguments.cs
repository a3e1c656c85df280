using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Torch.Engine;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Executions;

/// <summary>
/// The tensors that a call is made with. They are copies: TorchScript may change what it is given, and a request's memory may be a client's own.
/// </summary>
internal sealed class Arguments(IEngine engine, int? gpu) : IDisposable
{
    private readonly List<Tensor> _tensors = [];

    /// <summary>Makes them.</summary>
    /// <exception cref="BackendException">A tensor's bytes do not fit its type and shape.</exception>
    public Tensor?[] Make(ReadOnlySpan<TensorView> inputs, ExecutionPlan plan)
    {
        var places = plan.Binding.Signature.Inputs;
        var call = new List<Tensor?>(places.Length + 1);
        if (plan.IsDirect)
        {
            foreach (var (_, argument) in plan.Binding.Arguments)
            {
                call.Add(argument.Input is { } place && Find(inputs, places[place].Name) is >= 0 and var found ? Make(inputs[found]) : null);
            }

            return [.. call];
        }

        foreach (var place in places)
        {
            var found = Find(inputs, place.Name);
            if (place.DataType != TensorDataType.Bytes)
            {
                call.Add(found >= 0 ? Make(inputs[found]) : null);
                continue;
            }

            var (data, ends) = Texts.Read(inputs[found]);
            call.Add(Keep(data));
            call.Add(Keep(ends));
        }

        return [.. call];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var tensor in _tensors)
        {
            tensor.Dispose();
        }
    }

    private static int Find(ReadOnlySpan<TensorView> inputs, string name)
    {
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private Tensor Make(in TensorView input)
    {
        if (!input.Shape.TryGetByteCount(input.DataType, out var expected) || expected != input.Length)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"input '{input.Name}' of the type {input.DataType.ProtocolName()} and shape {input.Shape}: expected {expected} bytes, got {input.Length}");
        }

        var tensor = Keep(empty(input.Shape.AsSpan(), dtype: ElementTypes.ToEngine(input.DataType)));
        if (input.Length > 0)
        {
            input.Span.CopyTo(tensor.bytes);
        }

        return tensor;
    }

    private Tensor Keep(Tensor tensor)
    {
        _tensors.Add(tensor);
        if (gpu is not { } device)
        {
            return tensor;
        }

        var there = engine.ToGpu(tensor, device);
        _tensors.Add(there);
        return there;
    }
}
