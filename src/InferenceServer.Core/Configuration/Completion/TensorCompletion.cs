using System.Collections.Immutable;
using Google.Protobuf.Collections;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>Fills in the inputs or the outputs, whichever the file leaves to the model.</summary>
internal static class TensorCompletion
{
    public static void Fill(CompletionContext context, bool isBatching)
    {
        if (context.Inputs.IsEmpty)
        {
            // What a model can do without, mostly weights that older exports list among the inputs, is offered only by a file that names it.
            context.Message.Input.AddRange(context.Signature.Inputs.Where(spec => !spec.IsOptional && !Has(context.Generated, spec)).Select(spec => Input(spec, isBatching)));
        }

        if (context.Outputs.IsEmpty)
        {
            context.Message.Output.AddRange(context.Signature.Outputs.Where(spec => !Has(context.StateOutputs, spec)).Select(spec => Output(spec, isBatching)));
        }
    }

    // What the server makes and keeps is nothing that clients send or get.
    private static bool Has(ImmutableArray<DeclaredTensor> tensors, TensorSpec spec) => tensors.Any(tensor => tensor.Name == spec.Name);

    private static global::Inference.ModelInput Input(TensorSpec spec, bool isBatching)
    {
        var input = new global::Inference.ModelInput { Name = spec.Name, DataType = (global::Inference.DataType)spec.DataType };
        input.Reshape = FillDims(input.Dims, spec, isBatching);
        return input;
    }

    private static global::Inference.ModelOutput Output(TensorSpec spec, bool isBatching)
    {
        var output = new global::Inference.ModelOutput { Name = spec.Name, DataType = (global::Inference.DataType)spec.DataType };
        output.Reshape = FillDims(output.Dims, spec, isBatching);
        return output;
    }

    // A file cannot give dims of none. With a batch dimension an empty reshape says that the item is a scalar; without one, dims of 1
    // are taken for a scalar wherever the model has one.
    private static global::Inference.ModelTensorReshape? FillDims(RepeatedField<long> dims, TensorSpec spec, bool isBatching)
    {
        dims.AddRange((isBatching ? spec.Shape.WithoutFirst() : spec.Shape).AsSpan().ToArray());
        if (dims.Count > 0)
        {
            return null;
        }

        dims.Add(1);
        return isBatching ? new global::Inference.ModelTensorReshape() : null;
    }
}
