namespace InferenceServer.Core.Ensembles;

/// <summary>An input of a step.</summary>
/// <param name="Member">The name that the model knows it by.</param>
/// <param name="Tensor">The place of the ensemble's tensor.</param>
internal readonly record struct PlanInput(string Member, int Tensor)
{
    /// <summary>True when the model can do without it.</summary>
    public bool IsOptional { get; init; }

    /// <summary>True when the step gets one item of it at a time.</summary>
    public bool IsCut { get; init; }
}
