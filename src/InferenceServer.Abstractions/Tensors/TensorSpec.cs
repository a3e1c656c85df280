namespace InferenceServer.Abstractions.Tensors;

/// <summary>One input or output of a model: its name, element type and shape.</summary>
/// <param name="Name">The name, unique among the inputs or among the outputs of the model.</param>
/// <param name="DataType">The element type.</param>
/// <param name="Shape">The full shape, batch dimension included; -1 where any size goes.</param>
public sealed record TensorSpec(string Name, TensorDataType DataType, TensorShape Shape)
{
    /// <summary>
    /// True for an input that a request may leave out, and for an output that only requests which name it get: one that costs more than the others.
    /// </summary>
    public bool IsOptional { get; init; }

    /// <summary>False for an output whose first dimension counts something else than rows, whatever its size: it cannot be divided among requests.</summary>
    public bool HasRows { get; init; } = true;
}
