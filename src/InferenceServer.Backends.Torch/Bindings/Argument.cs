using System.Collections.Immutable;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Bindings;

/// <summary>A value that a method is called with, and where it comes from.</summary>
/// <param name="Type">Its type in the method's declaration.</param>
internal sealed record Argument(TorchType Type)
{
    /// <summary>The place of the input that it is, among the configuration's; null for one that is made of others, and for one that is never given.</summary>
    public int? Input { get; init; }

    /// <summary>What it is made of: the elements of a list or a tuple, the values of a dictionary.</summary>
    public ImmutableArray<Argument> Parts { get; init; } = [];

    /// <summary>The keys of a dictionary, one for each part.</summary>
    public ImmutableArray<string> Keys { get; init; } = [];
}
