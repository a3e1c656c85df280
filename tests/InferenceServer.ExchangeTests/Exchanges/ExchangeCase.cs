using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Exchanges;

/// <summary>One recorded case.</summary>
/// <param name="Family">Its family, as in http/infer_json.</param>
/// <param name="Name">Its name within the family.</param>
/// <param name="IsQuirk">True when it shows an accident of the recorded server: any answer does.</param>
/// <param name="Steps">What is done, in order.</param>
internal sealed record ExchangeCase(string Family, string Name, bool IsQuirk, JsonObject[] Steps)
{
    /// <summary>The name by which lists speak of it.</summary>
    public string Key => $"{Family}/{Name}";
}
