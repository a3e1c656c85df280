using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;

namespace InferenceServer.Host.Security;

/// <summary>What a request says of who sends it.</summary>
/// <param name="Caller">Who it is; null when that is not known.</param>
/// <param name="Error">What is wrong with what it brings; null when it brings nothing, or nothing is.</param>
internal readonly record struct Credential(Caller? Caller, InferenceError? Error);
