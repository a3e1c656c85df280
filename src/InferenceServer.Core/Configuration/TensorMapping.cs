namespace InferenceServer.Core.Configuration;

/// <summary>One entry of the maps of a step.</summary>
/// <param name="Member">The name of the model's input or output.</param>
/// <param name="Ensemble">The name of the ensemble's tensor.</param>
internal sealed record TensorMapping(string Member, string Ensemble);
