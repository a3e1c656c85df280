using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Identity;

internal sealed class IdentityInstance(IdentityModel model) : IModelInstance
{
    // One of each kind, so that a client can try out how it reads them: Triton's backend of the same name gives these four.
    private static readonly (string Name, ParameterValue Value)[] s_responseParameters =
    [
        ("param0", ParameterValue.FromString("an example string parameter")),
        ("param1", ParameterValue.FromInt64(42)),
        ("param2", ParameterValue.FromBool(false)),
        ("param3", ParameterValue.FromDouble(123.123)),
    ];

    public void Execute(ExecutionBatch batch)
    {
        var number = model.CountExecution();
        var settings = model.Settings;
        ExecutionDelay.Wait(settings.Delay, model.Time, batch.Cancellation);
        if (settings.FailEvery > 0 && number % settings.FailEvery == 0)
        {
            throw new BackendException(settings.FailMessage);
        }

        for (var i = 0; i < model.Signature.Outputs.Length; i++)
        {
            if (batch.IsRequested(i))
            {
                Answer(batch, i, Find(batch.Inputs, i));
            }
        }

        for (var i = 0; i < batch.RequestCount; i++)
        {
            foreach (var (name, value) in s_responseParameters)
            {
                batch.SetResponseParameter(i, name, value);
            }
        }
    }

    public void Dispose()
    {
    }

    /// <summary>The input that the output answers. An optional input that was left out shifts those behind it, so the name decides.</summary>
    private TensorView Find(ReadOnlySpan<TensorView> inputs, int output)
    {
        var name = model.Signature.Inputs[output].Name;
        foreach (var input in inputs)
        {
            if (input.Name == name)
            {
                return input;
            }
        }

        throw new BackendException(
            ErrorCode.InvalidArgument,
            $"output '{model.Signature.Outputs[output].Name}' answers input '{name}', which the request leaves out");
    }

    private static void Answer(ExecutionBatch batch, int output, in TensorView input)
    {
        if (input.Offset == 0 && input.Length == input.Buffer.Length)
        {
            batch.AdoptOutput(output, input.Buffer.Acquire(), input.Shape);
            return;
        }

        // A slice shares its buffer with other rows or tensors, and an output has to be a buffer of its own.
        Copy(input, batch.AllocateOutput(output, input.Shape, input.Length));
    }

    private static unsafe void Copy(in TensorView from, TensorBuffer to) =>
        Buffer.MemoryCopy((void*)from.Pointer, (void*)to.Pointer, to.Length, from.Length);
}
