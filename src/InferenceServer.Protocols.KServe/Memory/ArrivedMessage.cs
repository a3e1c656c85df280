using Inference;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>The next message of a stream, or what became of it.</summary>
/// <param name="Message">The message; of a refused one, what it is called, as far as that was read. Null when no more come.</param>
/// <param name="Room">What it has of the memory, which is the caller's to give back when it has been answered; null when it is small.</param>
/// <param name="Refusal">Why it was passed over; null when it was not.</param>
internal readonly record struct ArrivedMessage(ModelInferRequest? Message, RequestRoom? Room, InferenceError? Refusal);
