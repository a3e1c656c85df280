using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>What the answer of an ensemble is made of.</summary>
internal static class EnsembleOutputs
{
    /// <summary>Takes the wanted outputs out of a frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="selection">What of it is needed.</param>
    /// <param name="config">The ensemble's configuration.</param>
    /// <param name="isNamed">True when the client has named the outputs that it wants.</param>
    /// <param name="outputs">Where they go.</param>
    /// <param name="count">How many there are; none is left over when there is an error.</param>
    public static InferenceError? Take(EnsembleFrame frame, EnsemblePlan plan, EnsembleSelection selection, ModelConfig config, bool isNamed, TensorView[] outputs, out int count)
    {
        count = 0;
        var error = FindProblem(frame, plan, selection, isNamed);
        foreach (var tensor in error is null ? selection.Outputs : [])
        {
            if (frame.StateOf(tensor) == TensorState.Present)
            {
                outputs[count++] = Shape(frame.Take(tensor), config, ref error);
            }
        }

        if (error is not null)
        {
            Release(outputs.AsSpan(0, count));
            count = 0;
        }

        return error;
    }

    /// <summary>
    /// Why there is no answer; null when there is one. An output that is not there is left out, unless the client has named it, or nothing would be left. Responses of a decoupled
    /// ensemble may leave out anything.
    /// </summary>
    private static InferenceError? FindProblem(EnsembleFrame frame, EnsemblePlan plan, EnsembleSelection selection, bool isNamed)
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
    private static TensorView Shape(in TensorView view, ModelConfig config, ref InferenceError? error)
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
