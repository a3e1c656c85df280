using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>What the answer of an ensemble is made of.</summary>
internal static class EnsembleOutputs
{
    /// <summary>
    /// Why there is no answer; null when there is one. An output that is not there is left out, unless the client has named it, or nothing would be left. Responses of a decoupled
    /// ensemble may leave out anything.
    /// </summary>
    public static InferenceError? FindProblem(EnsembleFrame frame, EnsemblePlan plan, EnsembleSelection selection, bool isNamed)
    {
        if (plan.IsDecoupled)
        {
            return null;
        }

        var absent = selection.Outputs.Where(tensor => frame.StateOf(tensor) != TensorState.Present).ToArray();
        return absent.Length > 0 && (isNamed || absent.Length == selection.Outputs.Length)
            ? EnsembleErrors.Absent(plan.Tensors[absent[0]], Explain(plan, absent[0]))
            : null;
    }

    /// <summary>The output as clients see it.</summary>
    /// <param name="view">The tensor; its count goes over to the result.</param>
    /// <param name="config">The ensemble's configuration.</param>
    /// <param name="error">Set when the tensor is not what the configuration says.</param>
    public static TensorView Shape(in TensorView view, ModelConfig config, ref InferenceError? error)
    {
        foreach (var output in config.Outputs)
        {
            if (output.Name == view.Name)
            {
                var shape = BatchDimension.Conform(view.Shape, output, config.IsBatching);
                error ??= output.Shape.Accepts(shape) ? null : EnsembleErrors.Output(output.Name, output.Shape, shape);
                return view.WithShape(shape);
            }
        }

        return view;
    }

    public static void Release(ReadOnlySpan<TensorView> views)
    {
        foreach (ref readonly var view in views)
        {
            view.Dispose();
        }
    }

    private static string Explain(EnsemblePlan plan, int tensor)
    {
        var writers = plan.Steps.Where(step => step.Outputs.Any(output => output.Tensor == tensor)).Select(static step => step.Words).ToArray();
        return $"{string.Join(" and ", writers)}, which would write it, {(writers.Length == 1 ? "was" : "were")} not run, since a condition did not hold";
    }
}
