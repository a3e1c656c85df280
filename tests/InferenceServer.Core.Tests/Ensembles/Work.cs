using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>What scripted models do with numbers.</summary>
internal static class Work
{
    /// <summary>Writes a function of each element of all inputs, which have one shape, to an output.</summary>
    public static Action<ExecutionBatch> Map(Func<float[], float> function, int output = 0) => batch => Write(batch, output, function);

    /// <summary>Writes several outputs, each where it is wanted.</summary>
    public static Action<ExecutionBatch> Maps(params Func<float[], float>[] functions) => batch =>
    {
        for (var output = 0; output < functions.Length; output++)
        {
            if (batch.IsRequested(output))
            {
                Write(batch, output, functions[output]);
            }
        }
    };

    /// <summary>Fails when an element is one that it does not take; otherwise answers it as it came.</summary>
    public static Action<ExecutionBatch> Refuse(Func<float, bool> isBad) => batch =>
    {
        foreach (var value in MemoryMarshal.Cast<byte, float>(batch.Inputs[0].Span))
        {
            if (isBad(value))
            {
                throw new BackendException(ErrorCode.InvalidArgument, $"the value {value} is refused");
            }
        }

        Write(batch, 0, static values => values[0]);
    };

    /// <summary>A decoupled model: answers a number n by n responses of 0, 1, ... n - 1.</summary>
    public static void CountUp(ExecutionBatch batch)
    {
        var count = (int)MemoryMarshal.Cast<byte, float>(batch.Inputs[0].Span)[0];
        var shape = batch.Inputs[0].Shape;
        for (var i = 0; i < count; i++)
        {
            MemoryMarshal.Cast<byte, float>(batch.AllocateOutput(0, shape, sizeof(float)).Span)[0] = i;
            batch.SendResponse();
        }
    }

    private static void Write(ExecutionBatch batch, int output, Func<float[], float> function)
    {
        var inputs = new List<float[]>();
        foreach (ref readonly var input in batch.Inputs)
        {
            inputs.Add(MemoryMarshal.Cast<byte, float>(input.Span).ToArray());
        }

        var shape = batch.Inputs[0].Shape;
        var values = MemoryMarshal.Cast<byte, float>(batch.AllocateOutput(output, shape, batch.Inputs[0].Length).Span);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = function([.. inputs.Select(input => input[i])]);
        }
    }
}
