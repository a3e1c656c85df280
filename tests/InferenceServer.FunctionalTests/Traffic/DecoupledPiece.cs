namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>One response to a request that is answered any number of times.</summary>
/// <param name="Value">Its value.</param>
/// <param name="Place">Its place among the others, where the model tells it.</param>
internal readonly record struct DecoupledPiece(int Value, int? Place);
