using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.LightGbm.Text;

/// <summary>Finds out whether a tree is sound: every list as long as the library takes it to be, every link and number within what it leads to.</summary>
internal static class TreeText
{
    private const int MaxLeaves = 1 << 24;
    private const int IsCategorical = 1;

    /// <exception cref="TextFault">It is not.</exception>
    public static void Check(ReadOnlySpan<byte> text, TextFields tree, int number, int features)
    {
        var leaves = tree.Whole(text, "num_leaves", 1, MaxLeaves);
        var categories = tree.Whole(text, "num_cat", 0, MaxLeaves);
        tree.CheckCount(text, "leaf_value", leaves, isNeeded: true);
        tree.CheckCount(text, "shrinkage", 1, isNeeded: false);
        if (tree.Has("is_linear") && tree.Whole(text, "is_linear", 0, 1) == 1)
        {
            CheckLinear(text, tree, number, leaves, features);
        }

        if (leaves == 1)
        {
            return;
        }

        var nodes = leaves - 1;
        tree.Wholes(text, "split_feature", nodes, 0, features - 1);
        CheckDecisions(text, tree, nodes, categories);
        foreach (var name in (string[])["split_gain", "internal_value", "internal_weight", "internal_count"])
        {
            tree.CheckCount(text, name, nodes, isNeeded: false);
        }

        foreach (var name in (string[])["leaf_weight", "leaf_count"])
        {
            tree.CheckCount(text, name, leaves, isNeeded: false);
        }

        var left = tree.Wholes(text, "left_child", nodes, -leaves, nodes - 1);
        var right = tree.Wholes(text, "right_child", nodes, -leaves, nodes - 1);
        if (TreeWalk.FindFault(left, right, leaves) is { } fault)
        {
            throw new TextFault($"tree {number}: {fault}");
        }
    }

    private static void CheckDecisions(ReadOnlySpan<byte> text, TextFields tree, int nodes, int categories)
    {
        var thresholds = tree.Numbers(text, "threshold", nodes);
        var decisions = tree.Has("decision_type") ? tree.Wholes(text, "decision_type", nodes, sbyte.MinValue, sbyte.MaxValue) : new int[nodes];
        for (var node = 0; node < nodes; node++)
        {
            // Its threshold is the place of a list of categories.
            if ((decisions[node] & IsCategorical) != 0 && !(thresholds[node] >= 0 && thresholds[node] < categories))
            {
                throw new TextFault($"the field 'threshold' of a tree: node {node} needs a list of categories from 0 to {categories - 1}, got {thresholds[node]}");
            }
        }

        if (categories == 0)
        {
            return;
        }

        var bounds = tree.Wholes(text, "cat_boundaries", categories + 1, 0, int.MaxValue);
        if (bounds[0] != 0 || bounds.Zip(bounds.Skip(1)).Any(static pair => pair.First > pair.Second))
        {
            throw new TextFault("the field 'cat_boundaries' of a tree: expected numbers that begin with 0 and do not fall");
        }

        tree.Wholes(text, "cat_threshold", bounds[^1], 0, uint.MaxValue);
    }

    private static void CheckLinear(ReadOnlySpan<byte> text, TextFields tree, int number, int leaves, int features)
    {
        tree.CheckCount(text, "leaf_const", leaves, isNeeded: true);
        var terms = tree.Wholes(text, "num_features", leaves, 0, features).Sum(static count => (long)count);
        if (terms > text.Length)
        {
            throw new TextFault($"the field 'num_features' of tree {number}: there are no {terms} terms");
        }

        tree.Wholes(text, "leaf_features", (int)terms, 0, features - 1);
        tree.CheckCount(text, "leaf_coeff", (int)terms, isNeeded: true);
    }
}
