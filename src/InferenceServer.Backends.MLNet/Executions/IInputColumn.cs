using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>Reads the values of one input, row by row.</summary>
internal interface IInputColumn
{
    /// <summary>The <c>ValueGetter</c> of the column's type, for the row that is looked at.</summary>
    Delegate Getter { get; }

    /// <summary>The row that is looked at.</summary>
    int Row { set; }

    /// <summary>The values of an execution; they stay where they are.</summary>
    void Begin(in TensorView tensor, int rows);

    /// <summary>They are not needed any more.</summary>
    void End();
}
