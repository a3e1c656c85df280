using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Signatures;

/// <summary>Finds out what a loaded session takes and gives, in the order of the model.</summary>
internal static class SignatureReader
{
    /// <exception cref="BackendException">A value cannot be served; the message lists all such values and what to do.</exception>
    public static SessionSignature Read(InferenceSession session, ModelLoadContext context)
    {
        var errors = new List<string>();
        var inputs = ImmutableArray.CreateBuilder<TensorSpec>();
        var outputs = ImmutableArray.CreateBuilder<TensorSpec>();
        foreach (var name in session.InputNames)
        {
            Add(inputs, "input", name, session.InputMetadata[name], context.DeclaredInputs, errors);
        }

        // Constants that are inputs too have a value already, so a request may leave them out.
        foreach (var (name, metadata) in session.OverridableInitializerMetadata)
        {
            Add(inputs, "input", name, metadata, context.DeclaredInputs, errors);
            if (inputs is [.., { } added] && added.Name == name)
            {
                inputs[^1] = added with { IsOptional = true };
            }
        }

        var engineOutputs = OutputReader.Read(session, context, outputs, errors);
        return errors.Count == 0
            ? new SessionSignature(new ModelSignature(inputs.ToImmutable(), outputs.ToImmutable()), engineOutputs)
            : throw new BackendException(ErrorCode.Unsupported, string.Join("; ", errors));
    }

    /// <summary>Adds a tensor, or says why there can be none.</summary>
    public static void Add(
        ImmutableArray<TensorSpec>.Builder tensors, string kind, string name, NodeMetadata metadata, ImmutableArray<TensorSpec> declared, List<string> errors)
    {
        if (metadata.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR)
        {
            errors.Add($"{kind} '{name}' is {ValueKinds.Describe(metadata)}, and {(kind == "input" ? "only tensors can be given to a model" : "that cannot be put into tensors")}");
            return;
        }

        var type = ElementTypes.ToServer(metadata.ElementDataType);
        var dimensions = metadata.Dimensions;
        if (type == TensorDataType.Invalid)
        {
            errors.Add($"{kind} '{name}' has elements of the type {metadata.ElementDataType}, which no protocol can carry");
        }
        else if (dimensions.Length > TensorShape.MaxRank)
        {
            errors.Add($"{kind} '{name}' has {dimensions.Length} dimensions, expected at most {TensorShape.MaxRank}");
        }
        else
        {
            tensors.Add(new TensorSpec(name, type, ReadShape(name, dimensions, declared)));
        }
    }

    private static TensorShape ReadShape(string name, int[] dimensions, ImmutableArray<TensorSpec> declared)
    {
        if (dimensions.Length == 0)
        {
            // The engine shows a tensor of unknown rank as one without dimensions; the configuration may know better.
            return declared.FirstOrDefault(tensor => tensor.Name == name)?.Shape ?? TensorShape.Scalar;
        }

        Span<long> shape = stackalloc long[dimensions.Length];
        for (var i = 0; i < dimensions.Length; i++)
        {
            shape[i] = dimensions[i] < 0 ? TensorShape.Free : dimensions[i];
        }

        return new TensorShape(shape);
    }
}
