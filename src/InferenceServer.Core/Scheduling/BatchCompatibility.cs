using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Whether two requests can share an execution: they give the same inputs (an optional one may be left out), and every input agrees in
/// all dimensions but the first, unless the model takes its elements one request after another; the states of their sequences have the same shapes. Inputs stand in the signature's order by now.
/// </summary>
/// <param name="raggedInputs">The inputs that may have another shape in every request.</param>
/// <param name="states">How many states the sequences of the model have.</param>
internal sealed class BatchCompatibility(IEnumerable<string> raggedInputs, int states = 0)
{
    private readonly string[] _ragged = [.. raggedInputs];

    public static BatchCompatibility Of(ModelConfig config) =>
        new(config.Inputs.Where(static input => input.AllowsRagged).Select(static input => input.Name), config.SequenceBatching?.States.Length ?? 0);

    public bool CanShare(PendingInference first, PendingInference other)
    {
        var inputs = first.Request.Inputs;
        var others = other.Request.Inputs;
        if (inputs.Count != others.Count)
        {
            return false;
        }

        for (var i = 0; i < inputs.Count; i++)
        {
            var shape = inputs[i].Shape;
            var otherShape = others[i].Shape;
            if (inputs[i].Name != others[i].Name)
            {
                return false;
            }

            if (Array.IndexOf(_ragged, inputs[i].Name) < 0 && (shape.Rank != otherShape.Rank || !shape.AsSpan()[1..].SequenceEqual(otherShape.AsSpan()[1..])))
            {
                return false;
            }
        }

        for (var i = 0; i < states; i++)
        {
            if (first.Step!.ShapeOf(i) != other.Step!.ShapeOf(i))
            {
                return false;
            }
        }

        return true;
    }
}
