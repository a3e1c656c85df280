using System.Collections.Immutable;

namespace InferenceServer.Backends.Torch.Signatures;

/// <summary>A method of a model's class, as the archive's code declares it.</summary>
/// <param name="Name">Its name, such as <c>forward</c>.</param>
/// <param name="Parameters">What it takes beside the model itself.</param>
/// <param name="Result">What it gives.</param>
internal sealed record TorchMethod(string Name, ImmutableArray<TorchParameter> Parameters, TorchType Result)
{
    /// <summary>The declaration for a message.</summary>
    public override string ToString() => $"{Name}({string.Join(", ", Parameters.Select(static one => $"{one.Name}: {one.Type.Text}"))}) -> {Result.Text}";
}
