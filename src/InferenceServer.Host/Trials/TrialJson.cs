using System.Text.Json.Serialization;

namespace InferenceServer.Host.Trials;

/// <summary>How the two processes of a trial write to one another.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(TrialRequest))]
[JsonSerializable(typeof(TrialAnswer))]
internal sealed partial class TrialJson : JsonSerializerContext;
