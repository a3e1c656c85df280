namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>What an objective's name tells of the predictions.</summary>
internal static class ObjectiveName
{
    /// <summary>True when the objective makes probabilities of the sum of the trees.</summary>
    public static bool GivesProbabilities(string name) => name is "binary:logistic" or "multi:softprob";

    /// <summary>True when a multi-class model tells only the likeliest class.</summary>
    public static bool GivesOneClass(string name) => name == "multi:softmax";

    public static bool IsMultiClass(string name) => name.StartsWith("multi:", StringComparison.Ordinal);
}
