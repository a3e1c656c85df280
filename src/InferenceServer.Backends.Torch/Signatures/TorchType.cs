using System.Collections.Immutable;

namespace InferenceServer.Backends.Torch.Signatures;

/// <summary>A type in the words of TorchScript.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">How the model's code writes it.</param>
internal sealed record TorchType(TorchTypeKind Kind, string Text)
{
    /// <summary>What it is made of.</summary>
    public ImmutableArray<TorchType> Parts { get; init; } = [];

    /// <summary>The names of the parts of a named tuple; empty otherwise.</summary>
    public ImmutableArray<string> PartNames { get; init; } = [];

    /// <summary>True for what a single tensor carries, or a pair of them: a tensor, a text, a number, or a list of texts or numbers.</summary>
    public bool IsLeaf => Kind is TorchTypeKind.Tensor or TorchTypeKind.Text or TorchTypeKind.Int or TorchTypeKind.Float or TorchTypeKind.Bool || IsListOfTexts || IsListOfNumbers;

    /// <summary>True for a list of texts.</summary>
    public bool IsListOfTexts => Kind == TorchTypeKind.List && Parts[0].Kind == TorchTypeKind.Text;

    /// <summary>True for a list of numbers.</summary>
    public bool IsListOfNumbers => Kind == TorchTypeKind.List && Parts[0].Kind is TorchTypeKind.Int or TorchTypeKind.Float or TorchTypeKind.Bool;

    /// <summary>True where elements are texts.</summary>
    public bool IsText => Kind == TorchTypeKind.Text || IsListOfTexts;

    /// <summary>True for any number of tensors, by their places.</summary>
    public bool IsListOfTensors => Kind == TorchTypeKind.List && Parts[0].Kind == TorchTypeKind.Tensor;

    /// <summary>True for any number of tensors, by their names.</summary>
    public bool IsDictionaryOfTensors => Kind == TorchTypeKind.Dictionary && Parts[0].Kind == TorchTypeKind.Text && Parts[1].Kind == TorchTypeKind.Tensor;

    /// <summary>What an optional type is when it is there; itself otherwise.</summary>
    public TorchType Present => Kind == TorchTypeKind.Optional ? Parts[0] : this;
}
