using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Trees;

/// <summary>
/// The inputs and outputs that every tree model has, whatever its library: one input of rows of features; the prediction, and beside it what only requests that name
/// it pay for.
/// </summary>
internal static class TreeSignature
{
    public const string Features = "features";

    /// <summary>The places of the outputs in the signature.</summary>
    public const int Prediction = 0;

    public const int Raw = 1;

    public const int Leaves = 2;

    public const int Contributions = 3;

    /// <summary>Makes the signature.</summary>
    /// <param name="shape">What the model's file tells.</param>
    /// <param name="context">Its configuration: the one who writes it chooses between FP32 and FP64 for the input.</param>
    /// <param name="result">The type in which the library gives results.</param>
    public static ModelSignature Make(TreeModelShape shape, ModelLoadContext context, TensorDataType result)
    {
        var batch = TensorShape.Free;
        var input = context.DeclaredInputs.Any(static tensor => tensor is { Name: Features, DataType: TensorDataType.Fp64 }) ? TensorDataType.Fp64 : TensorDataType.Fp32;
        ImmutableArray<TensorSpec> outputs =
        [
            new(shape.GivesProbabilities ? "probabilities" : "values", result, new TensorShape(batch, shape.Predictions)),
            new("raw", result, new TensorShape(batch, shape.Groups)) { IsOptional = true },
            new("leaves", TensorDataType.Int32, new TensorShape(batch, shape.Trees)) { IsOptional = true },
            new("contributions", result, new TensorShape(batch, shape.Groups, shape.Features + 1)) { IsOptional = true },
        ];
        return new ModelSignature([new TensorSpec(Features, input, new TensorShape(batch, shape.Features))], outputs);
    }
}
