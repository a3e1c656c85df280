using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Completion;

namespace InferenceServer.Core.Ensembles;

/// <summary>Holds the outputs of an ensemble against the steps that write them.</summary>
internal static class OutputCheck
{
    public static void Run(EnsembleLink link, ImmutableArray<ModelTensor> outputs)
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            var output = outputs[i];
            var path = FormattableString.Invariant($"output[{i}]");
            if (!link.Tensors.TryGetValue(output.Name, out var tensor))
            {
                // The step that writes it has a problem of its own.
                continue;
            }

            if (tensor.Type != output.DataType)
            {
                link.Error(
                    $"{path}.data_type",
                    $"output '{output.Name}' has data_type {ConfigTypeNames.Of(output.DataType)} here and {ConfigTypeNames.Of(tensor.Type)} from {tensor.Words}",
                    $"write data_type: {ConfigTypeNames.Of(tensor.Type)}");
            }
            else if (!tensor.Fits(LinkedTensor.Of(output, "")))
            {
                link.Error($"{path}.dims", $"output '{output.Name}' has the shape {output.Shape} here and {tensor.Full} from {tensor.Words}");
            }
        }

        var scoped = outputs.Where(output => link.Tensors.TryGetValue(output.Name, out var tensor) && tensor.Scope != EnsemblePlan.Root).DistinctBy(output => link.Tensors[output.Name].Scope).ToList();
        if (scoped.Count > 1)
        {
            link.Error(
                "output",
                $"the outputs come from responses of different decoupled steps: {string.Join(" and ", scoped.Select(output => $"'{output.Name}' from {link.Tensors[output.Name].Words}"))}; which of their responses belong together cannot be told");
        }
    }
}
