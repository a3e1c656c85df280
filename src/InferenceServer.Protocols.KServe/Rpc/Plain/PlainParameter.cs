using InferenceServer.Abstractions.Models;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>A parameter of a <see cref="PlainMessage"/>, of a kind and with a value that its name allows.</summary>
internal readonly record struct PlainParameter(string Name, ParameterValue Value);
