using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Exchanges;

/// <summary>The cases whose feature is not there yet, from not-yet.json: they must not match, so that the list shrinks as features come.</summary>
internal static class NotYetList
{
    private static readonly Dictionary<string, string> s_features = Load();

    public static IReadOnlyCollection<string> Cases => s_features.Keys;

    /// <summary>The feature that a case waits for; null when it waits for none.</summary>
    public static string? FeatureOf(ExchangeCase one) => s_features.GetValueOrDefault(one.Key);

    private static Dictionary<string, string> Load()
    {
        var features = new Dictionary<string, string>();
        foreach (var feature in ExchangeLibrary.Document("not-yet.json").List("features").Cast<JsonObject>())
        {
            foreach (var name in feature.Texts("cases"))
            {
                features.Add(name, feature.Text("feature")!);
            }
        }

        return features;
    }
}
