using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Host.Trials;

/// <summary>How a trial went.</summary>
/// <param name="Code">The kind of failure; null when the model was loaded.</param>
/// <param name="Message">What is wrong; null when nothing is.</param>
internal sealed record TrialAnswer(ErrorCode? Code, string? Message);
