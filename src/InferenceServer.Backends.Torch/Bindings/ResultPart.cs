using System.Collections.Immutable;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Bindings;

/// <summary>A part of what a method gives, which is one output.</summary>
/// <param name="Type">Its type in the method's declaration.</param>
/// <param name="Path">How to come to it from the whole: places in tuples and lists, and keys of dictionaries; empty for the whole itself.</param>
internal sealed record ResultPart(TorchType Type, ImmutableArray<ResultStep> Path);
