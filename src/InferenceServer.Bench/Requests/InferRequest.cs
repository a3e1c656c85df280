using System.Text.Json;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Requests;

/// <summary>One inference, before it is put into an encoding.</summary>
/// <param name="Model">The name of the model.</param>
/// <param name="Version">Its version; null for the one that the server chooses.</param>
/// <param name="Inputs">The inputs.</param>
/// <param name="Parameters">The parameters of the request: true, false, numbers and texts.</param>
internal sealed record InferRequest(string Model, string? Version, IReadOnlyList<Tensor> Inputs, IReadOnlyList<KeyValuePair<string, JsonElement>> Parameters)
{
    /// <summary>Without a version and parameters: the shortest request a client can send.</summary>
    public static InferRequest Plain(string model, IReadOnlyList<Tensor> inputs) => new(model, null, inputs, []);

    /// <summary>The path of the model, or of its version, over HTTP.</summary>
    public string Path => PathOf(Model, Version);

    public static string PathOf(string model, string? version) =>
        $"/v2/models/{Uri.EscapeDataString(model)}{(version is null ? "" : $"/versions/{Uri.EscapeDataString(version)}")}";
}
