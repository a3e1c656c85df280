using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Backends.Onnx.Signatures;

/// <summary>What a session takes and gives, to the server and to the engine.</summary>
/// <param name="Tensors">The tensors that clients see.</param>
/// <param name="Outputs">The engine's outputs that the tensors come from, in the order of the model.</param>
internal sealed record SessionSignature(ModelSignature Tensors, ImmutableArray<EngineOutput> Outputs);
