using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch;

/// <summary>What to write into a configuration for a model whose file tells names and kinds, but no element types and shapes.</summary>
internal static class ConfigurationExample
{
    /// <summary>The message of a load that found no inputs or no outputs configured.</summary>
    public static string Explain(TorchMethod method, ModelLoadContext context)
    {
        var lines = new List<string>();
        if (context.DeclaredInputs.IsEmpty)
        {
            lines.Add($"input [ {string.Join(", ", Tensors(method.Parameters.Select(static one => (one.Name, one.Type)), "INPUT"))} ]");
        }

        if (context.DeclaredOutputs.IsEmpty)
        {
            lines.Add($"output [ {string.Join(", ", Tensors([("", method.Result)], "OUTPUT"))} ]");
        }

        return $"a TorchScript file says neither element types nor shapes, so config.pbtxt must say them; for {method} add lines such as: {string.Join(" ", lines)} "
            + "(with the model's own types, and dims without the batch dimension where max_batch_size is more than 0)";
    }

    private static IEnumerable<string> Tensors(IEnumerable<(string Name, TorchType Type)> values, string kind)
    {
        var place = 0;
        foreach (var (name, type) in values)
        {
            foreach (var (leafName, leaf) in Leaves(name, type))
            {
                yield return Tensor(leafName.Length > 0 ? leafName : FormattableString.Invariant($"{kind}__{place}"), leaf);
                place++;
            }
        }
    }

    private static IEnumerable<(string Name, TorchType Type)> Leaves(string name, TorchType type)
    {
        var present = type.Present;
        return present switch
        {
            { Kind: TorchTypeKind.Tuple } => present.Parts.SelectMany((part, i) => Leaves(
                present.PartNames.IsEmpty ? name.Length == 0 ? "" : FormattableString.Invariant($"{name}.{i}") : name.Length == 0 ? present.PartNames[i] : $"{name}.{present.PartNames[i]}", part)),
            { IsDictionaryOfTensors: true } => [("a_key", present.Parts[1]), ("another_key", present.Parts[1])],
            { IsListOfTensors: true } => [("", present.Parts[0]), ("", present.Parts[0])],
            _ => [(name, type)],
        };
    }

    private static string Tensor(string name, TorchType type)
    {
        var (element, dims) = type.Present switch
        {
            { Kind: TorchTypeKind.Text } => ("TYPE_STRING", "1"),
            { IsListOfTexts: true } => ("TYPE_STRING", "-1"),
            { Kind: TorchTypeKind.Int } => ("TYPE_INT64", "1"),
            { Kind: TorchTypeKind.Float } => ("TYPE_FP64", "1"),
            { Kind: TorchTypeKind.Bool } => ("TYPE_BOOL", "1"),
            { IsListOfNumbers: true } list => (list.Parts[0].Kind == TorchTypeKind.Int ? "TYPE_INT64" : list.Parts[0].Kind == TorchTypeKind.Bool ? "TYPE_BOOL" : "TYPE_FP64", "-1"),
            _ => ("TYPE_FP32", "-1, -1"),
        };
        var optional = type is { Kind: TorchTypeKind.Optional, Present.Kind: TorchTypeKind.Tensor } ? " optional: true" : "";
        return $"{{ name: \"{name}\" data_type: {element} dims: [ {dims} ]{optional} }}";
    }
}
