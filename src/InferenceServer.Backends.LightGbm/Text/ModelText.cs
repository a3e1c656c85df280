using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.LightGbm.Text;

/// <summary>
/// A model's text, found to be sound. The library believes what it reads: a damaged text may have it read and write where it must not, and with it the server would end. So
/// nothing reaches it that has not passed here.
/// </summary>
internal sealed class ModelText
{
    private const string Sizes = "tree_sizes";
    private const int MaxFeatures = 1 << 24;
    private const int MaxClasses = 1 << 20;

    private readonly int? _sizes;

    private ModelText(TreeModelShape shape, int length, int? sizes)
    {
        Shape = shape;
        Length = length;
        _sizes = sizes;
    }

    public TreeModelShape Shape { get; }

    /// <summary>How many bytes the library is to read: all up to the end of the trees. What follows tells how the model came to be.</summary>
    public int Length { get; }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="model">What it tells; null when it is not sound.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, [NotNullWhen(true)] out ModelText? model, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            model = Read(text);
            problem = null;
            return true;
        }
        catch (TextFault fault)
        {
            model = null;
            problem = fault.Message;
            return false;
        }
    }

    /// <summary>Has the library find the trees by itself. The field gets a name that it does not know.</summary>
    public void HideSizes(Span<byte> text)
    {
        if (_sizes is { } value)
        {
            text[value - 1 - Sizes.Length] = (byte)'T';
        }
    }

    private static ModelText Read(ReadOnlySpan<byte> text)
    {
        var lines = new TextLines(text);
        if (!lines.TryMove() || !lines.Line.SequenceEqual("tree"u8))
        {
            throw new TextFault("expected a model as LightGBM's save_model writes it, whose first line is 'tree'");
        }

        var header = new TextFields("the head");
        while (lines.TryMove() && !lines.Line.StartsWith("Tree="u8) && !IsEnd(lines.Line))
        {
            if (!lines.Line.IsEmpty)
            {
                header.Add(lines, mayLackValue: true);
            }
        }

        var features = header.Whole(text, "max_feature_idx", 0, MaxFeatures - 1) + 1;
        var trees = 0;
        while (lines.Line.StartsWith("Tree="u8))
        {
            ReadTree(text, ref lines, trees++, features);
        }

        if (!IsEnd(lines.Line))
        {
            throw new TextFault(lines.Line.IsEmpty ? $"the file ends after {trees} trees without 'end of trees': is it complete?" : $"line {lines.Number}: expected a tree or 'end of trees'");
        }

        var length = lines.Start;
        if (text[..length].Contains((byte)0) || HasLoneReturn(text[..length]))
        {
            throw new TextFault("it has bytes that no text has");
        }

        return new ModelText(ReadShape(text, header, features, trees), length, header.StartOf(Sizes));
    }

    private static void ReadTree(ReadOnlySpan<byte> text, ref TextLines lines, int number, int features)
    {
        var tree = new TextFields($"tree {number}");
        while (lines.TryMove() && !lines.Line.IsEmpty)
        {
            tree.Add(lines, mayLackValue: false);
        }

        TreeText.Check(text, tree, number, features);
        while (lines.Line.IsEmpty && lines.TryMove())
        {
            // Empty lines part the trees.
        }
    }

    private static TreeModelShape ReadShape(ReadOnlySpan<byte> text, TextFields header, int features, int trees)
    {
        header.Value(text, "label_index");
        var classes = header.Whole(text, "num_class", 1, MaxClasses);
        var groups = header.Has("num_tree_per_iteration") ? header.Whole(text, "num_tree_per_iteration", 1, MaxClasses) : classes;
        if (groups != classes)
        {
            throw new TextFault($"the fields 'num_class' and 'num_tree_per_iteration' of the head: expected the same number, got {classes} and {groups}");
        }

        if (trees == 0 || trees % groups != 0)
        {
            throw new TextFault($"expected {(groups == 1 ? "at least one tree" : $"trees by the {groups}, one for each class")}, got {trees}");
        }

        header.CheckCount(text, "feature_infos", features, isNeeded: true);
        if (header.CountWords(text, "feature_names") is var names && names != features)
        {
            throw new TextFault($"the field 'feature_names' of the head: expected {features} names, as 'max_feature_idx' says, got {names}");
        }

        var objective = header.Has("objective") ? Encoding.UTF8.GetString(header.Value(text, "objective")) : "";
        return new TreeModelShape(features, groups, trees, ObjectiveText.GivesProbabilities(objective, classes), ReadNames(header.Value(text, "feature_names")));
    }

    private static ImmutableArray<string> ReadNames(ReadOnlySpan<byte> words)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        while (TextFields.TryWord(ref words, out var word))
        {
            names.Add(Encoding.UTF8.GetString(word));
        }

        return names.ToImmutable();
    }

    // Files of early versions go on with the importances at once.
    private static bool IsEnd(ReadOnlySpan<byte> line) =>
        line.SequenceEqual("end of trees"u8) || line.SequenceEqual("feature_importances:"u8) || line.SequenceEqual("feature importances:"u8);

    // The library takes it for the end of a line, and nothing here does.
    private static bool HasLoneReturn(ReadOnlySpan<byte> text)
    {
        for (int place; (place = text.IndexOf((byte)'\r')) >= 0; text = text[(place + 1)..])
        {
            if (place + 1 < text.Length && text[place + 1] != '\n')
            {
                return true;
            }
        }

        return false;
    }
}
