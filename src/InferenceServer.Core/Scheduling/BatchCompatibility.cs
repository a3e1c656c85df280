namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Whether two requests can share an execution: they give the same inputs (an optional one may be left out), and every input agrees in
/// all dimensions but the first. Inputs stand in the signature's order by now.
/// </summary>
internal static class BatchCompatibility
{
    public static bool CanShare(PendingInference first, PendingInference other)
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
            if (inputs[i].Name != others[i].Name || shape.Rank != otherShape.Rank || !shape.AsSpan()[1..].SequenceEqual(otherShape.AsSpan()[1..]))
            {
                return false;
            }
        }

        return true;
    }
}
