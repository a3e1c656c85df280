using System.Collections.Immutable;

namespace InferenceServer.Backends.Trees;

/// <summary>What a model's file tells of its inputs and outputs.</summary>
/// <param name="Features">How many features a row has.</param>
/// <param name="Groups">How many sums of trees a row gets: the classes of a multi-class model, otherwise mostly 1.</param>
/// <param name="Trees">How many trees there are.</param>
/// <param name="GivesProbabilities">True when what the model predicts are probabilities.</param>
/// <param name="FeatureNames">The features' names in their order; empty when the file has none.</param>
internal sealed record TreeModelShape(int Features, int Groups, int Trees, bool GivesProbabilities, ImmutableArray<string> FeatureNames)
{
    /// <summary>How many values a row's prediction has: one where only the likeliest class is told.</summary>
    public int Predictions { get; init; } = Groups;
}
