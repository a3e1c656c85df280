using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Identity;

/// <summary>Checks that the declared outputs can answer the declared inputs.</summary>
internal static class IdentitySignature
{
    /// <exception cref="BackendException">They do not pair up; the message lists every tensor that has no partner.</exception>
    public static ModelSignature Pair(ImmutableArray<TensorSpec> inputs, ImmutableArray<TensorSpec> outputs)
    {
        var errors = new List<string>();
        if (inputs.IsEmpty && outputs.IsEmpty)
        {
            errors.Add("the configuration declares neither inputs nor outputs, expected at least one of each");
        }

        for (var i = 0; i < Math.Max(inputs.Length, outputs.Length); i++)
        {
            if (i >= outputs.Length)
            {
                errors.Add($"input '{inputs[i].Name}' has no output at the same place to answer it");
            }
            else if (i >= inputs.Length)
            {
                errors.Add($"output '{outputs[i].Name}' has no input at the same place to answer");
            }
            else if (inputs[i].DataType != outputs[i].DataType)
            {
                errors.Add(
                    $"output '{outputs[i].Name}' answers input '{inputs[i].Name}': expected {inputs[i].DataType.ProtocolName()}, "
                    + $"got {outputs[i].DataType.ProtocolName()}");
            }
        }

        return errors.Count == 0
            ? new ModelSignature(inputs, outputs)
            : throw new BackendException(ErrorCode.InvalidArgument, string.Join("; ", errors));
    }
}
