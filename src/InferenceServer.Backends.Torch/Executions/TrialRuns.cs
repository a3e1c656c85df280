using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Torch.Engine;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Executions;

/// <summary>Runs of a model with made-up inputs, on the processor.</summary>
internal static class TrialRuns
{
    // The first run finds out shapes and types, the second compiles for them, the third uses that.
    private const int Count = 3;

    // Sizes that are free are 1; a model whose tensors are larger than this is not run. Elements.
    private const long MaxElements = 1L << 28;

    /// <summary>Runs it. That the model refuses zeros is no fault.</summary>
    public static void Run(IModule module, ExecutionPlan plan)
    {
        plan.Settings.Threads.Enter();
        using var mode = plan.Settings.InferenceMode ? inference_mode() : no_grad();
        var arguments = Make(plan);
        try
        {
            for (var i = 0; i < Count && arguments is not null; i++)
            {
                foreach (var result in module.Call(plan.Method, arguments))
                {
                    result?.Dispose();
                }
            }
        }
        catch (Exception exception) when (exception is TorchException or ExternalException)
        {
            // Its own way to say no.
        }
        finally
        {
            Array.ForEach(arguments ?? [], static argument => argument?.Dispose());
        }
    }

    private static Tensor?[]? Make(ExecutionPlan plan)
    {
        var inputs = plan.Binding.Signature.Inputs;
        if (inputs.Any(static input => !Fill(input.Shape).TryGetElementCount(out var count) || count > MaxElements))
        {
            return null;
        }

        var arguments = new List<Tensor?>();
        if (plan.IsDirect)
        {
            arguments.AddRange(plan.Binding.Arguments.Select(one => one.Argument.Input is { } place ? Zeros(inputs[place]) : null));
            return [.. arguments];
        }

        foreach (var input in inputs)
        {
            if (input.DataType == TensorDataType.Bytes)
            {
                // Texts without any bytes.
                Fill(input.Shape).TryGetElementCount(out var count);
                arguments.Add(zeros(0, dtype: ScalarType.Int64));
                arguments.Add(zeros(count, dtype: ScalarType.Int64));
            }
            else
            {
                arguments.Add(Zeros(input));
            }
        }

        return [.. arguments];
    }

    private static Tensor Zeros(TensorSpec input) => zeros(Fill(input.Shape).AsSpan(), dtype: ElementTypes.ToEngine(input.DataType));

    private static TensorShape Fill(TensorShape shape) => new([.. shape.AsSpan().ToArray().Select(static size => size == TensorShape.Free ? 1 : size)]);
}
