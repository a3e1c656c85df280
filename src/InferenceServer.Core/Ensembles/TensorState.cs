namespace InferenceServer.Core.Ensembles;

/// <summary>Where one tensor of a request stands.</summary>
internal enum TensorState
{
    /// <summary>A step that may write it has neither run nor been passed over.</summary>
    Pending,

    /// <summary>It is there.</summary>
    Present,

    /// <summary>It will not be there: the steps that would have written it were passed over, or the request left it out.</summary>
    Absent,
}
