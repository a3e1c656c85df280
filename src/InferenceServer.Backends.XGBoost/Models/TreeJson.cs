using System.Text.Json;

namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>Finds out whether a tree is sound: every list as long as the library takes it to be, every link and number within what it leads to.</summary>
internal static class TreeJson
{
    private const int MaxNodes = 1 << 26;

    /// <summary>The library marks categories in as many bits as the largest one's number.</summary>
    private const int MaxCategory = 1 << 24;

    /// <exception cref="ModelFault">It is not.</exception>
    public static void Check(JsonElement tree, string where, int features)
    {
        var parameters = JsonFields.At(tree, where, "tree_param");
        var nodes = JsonFields.Whole(parameters, $"{where}.tree_param", "num_nodes", 1, MaxNodes);
        JsonFields.Whole(parameters, $"{where}.tree_param", "num_feature", 0, features, absent: 0);
        JsonFields.Whole(parameters, $"{where}.tree_param", "size_leaf_vector", 0, 1, absent: 0);
        foreach (var name in (string[])["loss_changes", "sum_hessian", "base_weights", "split_conditions"])
        {
            JsonFields.CheckNumbers(tree, where, name, nodes);
        }

        var left = JsonFields.Wholes(tree, where, "left_children", nodes, -1, nodes - 1);
        var right = JsonFields.Wholes(tree, where, "right_children", nodes, -1, nodes - 1);
        NodeLinks.Check(where, left, right, JsonFields.Wholes(tree, where, "parents", nodes, 0, int.MaxValue), JsonFields.Wholes(tree, where, "split_indices", nodes, 0, int.MaxValue), features);
        CheckSwitches(tree, where, nodes);
        CheckCategories(tree, where, nodes);
    }

    // Earlier versions wrote true and false, later ones 1 and 0.
    private static void CheckSwitches(JsonElement tree, string where, int nodes)
    {
        foreach (var item in JsonFields.List(tree, where, "default_left", nodes).EnumerateArray())
        {
            if (item.ValueKind is not (JsonValueKind.True or JsonValueKind.False) && !(item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && number is 0 or 1))
            {
                throw new ModelFault($"the field '{where}.default_left': expected 0, 1, false or true");
            }
        }
    }

    private static void CheckCategories(JsonElement tree, string where, int nodes)
    {
        if (!tree.TryGetProperty("split_type", out _))
        {
            return;
        }

        var types = JsonFields.Wholes(tree, where, "split_type", nodes, 0, 1);
        var owners = Numbers(tree, where, "categories_nodes", nodes - 1);
        var all = Numbers(tree, where, "categories", MaxCategory);
        var segments = JsonFields.Wholes(tree, where, "categories_segments", owners.Length, 0, all.Length);
        var sizes = JsonFields.Wholes(tree, where, "categories_sizes", owners.Length, 0, all.Length);
        for (var i = 0; i < owners.Length; i++)
        {
            // The library goes through the nodes and takes the next list when it comes to the next owner.
            if ((i > 0 && owners[i] <= owners[i - 1]) || (long)segments[i] + sizes[i] > all.Length || sizes[i] == 0)
            {
                throw new ModelFault($"the field '{where}.categories_nodes': entry {i} leads outside of the categories, or out of order");
            }
        }

        if (!types.Select(static (type, node) => (type, node)).Where(static pair => pair.type == 1).Select(static pair => pair.node).SequenceEqual(owners))
        {
            throw new ModelFault($"the field '{where}.categories_nodes': expected the nodes of which 'split_type' is 1");
        }
    }

    private static int[] Numbers(JsonElement tree, string where, string name, int max)
    {
        var list = JsonFields.At(tree, where, name);
        return list.ValueKind == JsonValueKind.Array ? JsonFields.Wholes(tree, where, name, list.GetArrayLength(), 0, max) : throw new ModelFault($"the field '{where}.{name}': expected a list");
    }
}
