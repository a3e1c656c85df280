using System.Collections.Immutable;

namespace InferenceServer.Backends.Torch.Signatures;

/// <summary>Reads types as TorchScript's code writes them.</summary>
/// <param name="tuples">The fields of a named tuple, each with its type, by the full name of its class; null where the class is none.</param>
internal sealed class TypeReader(Func<string, IReadOnlyList<(string Name, string Type)>?> tuples)
{
    // No signature nests deeper; a class may name itself.
    private const int MaxDepth = 16;

    /// <summary>Reads a type.</summary>
    public TorchType Read(string text) => Read(text.Trim(), 0);

    private TorchType Read(string text, int depth)
    {
        var bracket = text.IndexOf('[', StringComparison.Ordinal);
        if (depth > MaxDepth)
        {
            return new TorchType(TorchTypeKind.Other, text);
        }

        if (bracket < 0)
        {
            return ReadName(text, depth);
        }

        var close = CodeText.FindClosing(text, bracket);
        if (close != text.Length - 1)
        {
            return new TorchType(TorchTypeKind.Other, text);
        }

        var parts = CodeText.Split(text.AsSpan(bracket + 1, close - bracket - 1)).Select(part => Read(part, depth + 1)).ToImmutableArray();
        var kind = (text[..bracket], parts.Length) switch
        {
            ("Optional", 1) => TorchTypeKind.Optional,
            ("List", 1) => TorchTypeKind.List,
            ("Dict", 2) => TorchTypeKind.Dictionary,
            ("Tuple", > 0) => TorchTypeKind.Tuple,
            _ => TorchTypeKind.Other,
        };
        return new TorchType(kind, text) { Parts = parts };
    }

    private TorchType ReadName(string text, int depth)
    {
        var kind = text switch
        {
            "Tensor" => TorchTypeKind.Tensor,
            "str" => TorchTypeKind.Text,
            "int" => TorchTypeKind.Int,
            "float" => TorchTypeKind.Float,
            "bool" => TorchTypeKind.Bool,
            _ => TorchTypeKind.Other,
        };
        return kind == TorchTypeKind.Other && tuples(text) is { Count: > 0 } fields
            ? new TorchType(TorchTypeKind.Tuple, text)
            {
                Parts = [.. fields.Select(field => Read(field.Type, depth + 1))],
                PartNames = [.. fields.Select(static field => field.Name)],
            }
            : new TorchType(kind, text);
    }
}
