using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Every input and output has a name of its own, a type and dimensions.</summary>
internal sealed class TensorRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        Check(context, DeclaredTensor.InputsOf(context.Message));
        Check(context, DeclaredTensor.OutputsOf(context.Message));
    }

    private static void Check(RuleContext context, IReadOnlyList<DeclaredTensor> tensors)
    {
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (tensor.Name.Length == 0)
            {
                context.Error($"{tensor.Path}.name", $"{tensor.Path} has no name", "write name: \"...\", as the model calls the tensor");
            }
            else if (!paths.TryAdd(tensor.Name, tensor.Path))
            {
                var at = context.Positions.Find($"{paths[tensor.Name]}.name");
                context.Error(
                    $"{tensor.Path}.name",
                    FormattableString.Invariant($"the name '{tensor.Name}' is taken by another {tensor.Kind}, at {at.Line}:{at.Column}"));
            }

            if (tensor.Type == TensorDataType.Invalid)
            {
                context.Error($"{tensor.Path}.data_type", $"{tensor.Words} has no data_type", "write for example data_type: TYPE_FP32");
            }

            CheckDims(context, tensor);
        }
    }

    private static void CheckDims(RuleContext context, DeclaredTensor tensor)
    {
        if (tensor.Dims.IsEmpty)
        {
            context.Error($"{tensor.Path}.dims", $"{tensor.Words} has no dims", "write for example dims: [ 3, -1 ], without the batch dimension; dims: [ 1 ] for a scalar");
        }

        CheckEach(context, tensor, tensor.Dims, "dims", $"{tensor.Path}.dims");
        CheckEach(context, tensor, tensor.Reshape ?? [], "reshape", $"{tensor.Path}.reshape.shape");
    }

    private static void CheckEach(RuleContext context, DeclaredTensor tensor, IReadOnlyList<long> dims, string field, string path)
    {
        for (var i = 0; i < dims.Count; i++)
        {
            if (dims[i] is 0 or < TensorShape.Free)
            {
                context.Error(
                    DeclaredTensor.PathOf(path, i),
                    FormattableString.Invariant($"dimension {i} in {field} of {tensor.Words} must be 1 or more, or -1 for any size, found {dims[i]}"));
            }
        }

        var most = TensorShape.MaxRank - (context.MaxBatchSize > 0 ? 1 : 0);
        if (dims.Count > most)
        {
            context.Error(path, FormattableString.Invariant($"{field} of {tensor.Words} has {dims.Count} dimensions; this server takes at most {most} here"));
        }
    }
}
