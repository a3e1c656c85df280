namespace InferenceServer.Core.Ensembles;

/// <summary>What is to be done about a step.</summary>
internal enum StepDecision
{
    /// <summary>Something that it reads is not there yet.</summary>
    Wait,

    /// <summary>All that it reads is there.</summary>
    Run,

    /// <summary>Its condition does not hold, or something that it needs will not be there.</summary>
    Skip,
}
