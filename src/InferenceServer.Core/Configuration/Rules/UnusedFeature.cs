namespace InferenceServer.Core.Configuration.Rules;

/// <summary>A feature of the configuration that this server does not act upon.</summary>
/// <param name="Field">The field of the message, by the name of the message that has it.</param>
/// <param name="Paths">The places where a message asks for it; none when it does not.</param>
/// <param name="IsError">True when going on without it would change answers or weaken a protection; false when only speed or reports differ.</param>
/// <param name="Note">What to know or to do about it.</param>
internal sealed record UnusedFeature(string Field, Func<global::Inference.ModelConfig, IEnumerable<string>> Paths, bool IsError, string Note);
