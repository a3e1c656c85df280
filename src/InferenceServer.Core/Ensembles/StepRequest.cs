using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Ensembles;

/// <summary>Makes the requests of steps: what the client said of its own request holds for each of them.</summary>
internal static class StepRequest
{
    /// <summary>Makes a request. Tensors go over under other names and, between a model that batches and one that does not, another first dimension; nothing is copied.</summary>
    /// <param name="run">The run.</param>
    /// <param name="step">The step.</param>
    /// <param name="lease">A lease of its model; goes over to the request.</param>
    /// <param name="members">What it leads to where that is an ensemble; goes over to the request.</param>
    /// <param name="inputs">The tensors in the order of the step's inputs; they go over to the request.</param>
    /// <param name="outputs">The outputs that are wanted.</param>
    public static InferenceRequest Make(EnsembleRun run, PlanStep step, ModelLease lease, MemberLeases? members, TensorView[] inputs, IEnumerable<string> outputs)
    {
        var origin = run.Request;
        var model = lease.Model;
        var request = new InferenceRequest(lease)
        {
            IsErrand = true,
            Id = origin.Id,
            TimeLimit = run.TimeLeft,
            IsDeadlineWatched = true,
            IsStep = true,
            TraceParent = origin.TraceParent,
            Trace = origin.Trace?.BeginStep(model),
        };
        if (members is not null)
        {
            request.HoldMembers(members);
        }

        foreach (var (name, value) in origin.Parameters)
        {
            request.Parameters[name] = value;
        }

        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Buffer is not null)
            {
                request.AddInput(Rename(inputs[i], step.Inputs[i].Member, model));
            }
        }

        request.RequestedOutputs.AddRange(outputs);
        return request;
    }

    private static TensorView Rename(in TensorView view, string name, ServedModel model)
    {
        var shape = view.Shape;
        foreach (var input in model.Config.Inputs)
        {
            if (input.Name == name)
            {
                shape = BatchDimension.Conform(shape, input, model.Config.IsBatching);
            }
        }

        return new TensorView(name, view.DataType, shape, view.Buffer, view.Offset, view.Length);
    }
}
