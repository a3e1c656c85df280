using System.Text.Json.Serialization;

namespace InferenceServer.Bench.Commands;

/// <summary>What the value of a parameter may be.</summary>
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double))]
[JsonSerializable(typeof(string))]
internal sealed partial class ParameterJson : JsonSerializerContext;
