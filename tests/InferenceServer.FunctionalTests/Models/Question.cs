namespace InferenceServer.FunctionalTests.Models;

/// <summary>A question to a model, in no encoding yet.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Inputs">Its inputs.</param>
internal sealed record Question(string Model, params QuestionInput[] Inputs)
{
    public string Id { get; init; } = "";

    public string[] Outputs { get; init; } = [];

    /// <summary>Parameters of the request, such as its priority.</summary>
    public Dictionary<string, long> Parameters { get; init; } = [];

    /// <summary>Parameters of the request that are true.</summary>
    public List<string> Flags { get; init; } = [];

    /// <summary>Parameters of the request that are texts.</summary>
    public Dictionary<string, string> Texts { get; init; } = [];

    /// <summary>All of them as members of a JSON object.</summary>
    public IEnumerable<string> ParametersAsJson => [.. Parameters.Select(static one => $"\"{one.Key}\":{one.Value}"), .. Flags.Select(static flag => $"\"{flag}\":true"), .. Texts.Select(static one => $"\"{one.Key}\":\"{one.Value}\"")];
}
