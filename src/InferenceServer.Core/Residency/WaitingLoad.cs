namespace InferenceServer.Core.Residency;

/// <summary>A version that is to be loaded as soon as there is room for it.</summary>
/// <param name="Id">The incarnation.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Bytes">What it will take: measured when it was loaded before, and otherwise the size of its files.</param>
/// <param name="Waited">For how long it has waited.</param>
internal sealed record WaitingLoad(long Id, string Model, long Bytes, TimeSpan Waited);
