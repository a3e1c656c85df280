using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>Reads a model's JSON, as the library's documentation describes it, and finds out whether it is sound.</summary>
internal static class JsonModel
{
    public const int MaxFeatures = 1 << 24;
    public const int MaxClasses = 1 << 20;
    public const int MaxTrees = 1 << 24;

    private const string Parameters = "learner.learner_model_param";

    /// <exception cref="ModelFault">It is not.</exception>
    public static TreeModelShape Read(JsonElement root)
    {
        var learner = JsonFields.At(root, "", "learner");
        var parameters = JsonFields.At(learner, "learner", "learner_model_param");
        var features = JsonFields.Whole(parameters, Parameters, "num_feature", 1, MaxFeatures);
        var classes = JsonFields.Whole(parameters, Parameters, "num_class", 0, MaxClasses);
        var targets = JsonFields.Whole(parameters, Parameters, "num_target", 1, MaxClasses, absent: 1);
        if (classes > 1 && targets > 1)
        {
            throw new ModelFault($"it has {classes} classes and {targets} targets, and the library knows one or the other");
        }

        var groups = Math.Max(Math.Max(classes, targets), 1);
        var objective = ReadObjective(learner, classes);
        var trees = ReadTrees(JsonFields.At(learner, "learner", "gradient_booster"), features, groups);
        return new TreeModelShape(features, groups, trees, ObjectiveName.GivesProbabilities(objective), ReadNames(learner, features))
        {
            Predictions = ObjectiveName.GivesOneClass(objective) ? 1 : groups,
        };
    }

    /// <summary>Holds a model to whole rounds of training: the library divides by what a round has.</summary>
    /// <exception cref="ModelFault">There is a part of one.</exception>
    public static void CheckRounds(int trees, int groups, int parallel)
    {
        if (trees % ((long)groups * parallel) != 0)
        {
            throw new ModelFault($"a round of training makes {(long)groups * parallel} trees, and there are {trees}");
        }
    }

    private static string ReadObjective(JsonElement learner, int classes)
    {
        const string where = "learner.objective";
        var objective = JsonFields.At(learner, "learner", "objective");
        var name = JsonFields.Text(objective, where, "name");
        if (ObjectiveName.IsMultiClass(name))
        {
            var own = JsonFields.Whole(JsonFields.At(objective, where, "softmax_multiclass_param"), $"{where}.softmax_multiclass_param", "num_class", 1, MaxClasses);
            if (own != classes)
            {
                throw new ModelFault($"the objective has {own} classes and the model {classes}");
            }
        }

        return name;
    }

    private static int ReadTrees(JsonElement booster, int features, int groups)
    {
        const string way = "learner.gradient_booster";
        var name = JsonFields.Text(booster, way, "name");
        if (name is not ("gbtree" or "dart"))
        {
            throw new ModelFault($"the field '{way}.name': expected gbtree or dart, since only models of trees are served, got '{name}'");
        }

        var model = name == "dart" ? JsonFields.At(booster, way, "gbtree", "model") : JsonFields.At(booster, way, "model");
        var parameters = JsonFields.At(model, "model", "gbtree_model_param");
        var count = JsonFields.Whole(parameters, "model.gbtree_model_param", "num_trees", 1, MaxTrees);
        CheckRounds(count, groups, JsonFields.Whole(parameters, "model.gbtree_model_param", "num_parallel_tree", 1, MaxTrees, absent: 1));
        JsonFields.Wholes(model, "model", "tree_info", count, 0, groups - 1);
        if (name == "dart")
        {
            JsonFields.CheckNumbers(booster, way, "weight_drop", count);
        }

        var number = 0;
        var ids = new HashSet<int>();
        foreach (var tree in JsonFields.List(model, "model", "trees", count).EnumerateArray())
        {
            var where = $"trees[{number++}]";

            // The library puts the tree at this place of its list.
            var id = JsonFields.At(tree, where, "id");
            if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out var place) || place < 0 || place >= count || !ids.Add(place))
            {
                throw new ModelFault($"the field '{where}.id': expected a number from 0 to {count - 1} that no other tree has");
            }

            TreeJson.Check(tree, where, features);
        }

        CheckIterations(model, count);
        return count;
    }

    // Where each round of training begins among the trees; versions since 2.0 tell.
    private static void CheckIterations(JsonElement model, int trees)
    {
        if (!model.TryGetProperty("iteration_indptr", out var starts))
        {
            return;
        }

        var count = starts.ValueKind == JsonValueKind.Array ? starts.GetArrayLength() : 0;
        var numbers = JsonFields.Wholes(model, "model", "iteration_indptr", count, 0, trees);
        if (count == 0 || numbers[0] != 0 || numbers[^1] != trees || numbers.Zip(numbers.Skip(1)).Any(static pair => pair.First > pair.Second))
        {
            throw new ModelFault($"the field 'model.iteration_indptr': expected numbers that rise from 0 to {trees}");
        }
    }

    private static ImmutableArray<string> ReadNames(JsonElement learner, int features)
    {
        if (!learner.TryGetProperty("feature_names", out var names) || (names.ValueKind == JsonValueKind.Array && names.GetArrayLength() == 0))
        {
            return [];
        }

        return [.. JsonFields.List(learner, "learner", "feature_names", features).EnumerateArray().Select(static name => name.ValueKind == JsonValueKind.String ? name.GetString()! : throw new ModelFault("the field 'learner.feature_names': expected texts"))];
    }
}
