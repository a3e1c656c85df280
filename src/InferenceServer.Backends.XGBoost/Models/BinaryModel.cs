using System.Buffers.Binary;
using System.Text;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>Reads the library's old binary form, which is its structures as they lie in memory, and finds out whether it is sound.</summary>
internal ref struct BinaryModel
{
    private const int LearnerLength = 136;
    private const int BoosterLength = 160;
    private const int TreeLength = 148;
    private const int NodeLength = 20;
    private const int StatisticsLength = 16;

    private ReadOnlySpan<byte> _rest;

    private BinaryModel(ReadOnlySpan<byte> file) => _rest = file;

    /// <exception cref="ModelFault">It is not.</exception>
    public static TreeModelShape Read(ReadOnlySpan<byte> file)
    {
        var reader = new BinaryModel(file["binf"u8.Length..]);
        return reader.ReadAll();
    }

    private TreeModelShape ReadAll()
    {
        var learner = Take(LearnerLength);
        var features = Whole(learner, 4, 1, JsonModel.MaxFeatures, "number of features");
        var classes = Whole(learner, 8, 0, JsonModel.MaxClasses, "number of classes");
        var hasAttributes = Whole(learner, 12, 0, 1, "mark of attributes") == 1;
        var hasMetrics = Whole(learner, 16, 0, 1, "mark of metrics") == 1;
        var targets = Math.Max(1, Whole(learner, 28, 0, JsonModel.MaxClasses, "number of targets"));
        if (classes > 1 && targets > 1)
        {
            throw new ModelFault($"it has {classes} classes and {targets} targets, and the library knows one or the other");
        }

        var groups = Math.Max(Math.Max(classes, targets), 1);
        var objective = Text();
        var booster = Text();
        if (booster is not ("gbtree" or "dart"))
        {
            throw new ModelFault($"expected the booster gbtree or dart, since only models of trees are served, got '{booster}'");
        }

        var trees = ReadTrees(features, groups);
        if (booster == "dart" && Take(Count(sizeof(float)) * sizeof(float)).Length != trees * sizeof(float))
        {
            throw new ModelFault("expected a weight for each tree");
        }

        for (var i = hasAttributes ? Count(2 * sizeof(ulong)) : 0; i > 0; i--)
        {
            Text();
            Text();
        }

        if (ObjectiveName.IsMultiClass(objective) && classes < 1)
        {
            throw new ModelFault($"the objective '{objective}' needs classes, and the model has none");
        }

        for (var i = hasMetrics ? Count(sizeof(ulong)) : 0; i > 0; i--)
        {
            Text();
        }

        return new TreeModelShape(features, groups, trees, ObjectiveName.GivesProbabilities(objective), [])
        {
            Predictions = ObjectiveName.GivesOneClass(objective) ? 1 : groups,
        };
    }

    private int ReadTrees(int features, int groups)
    {
        var booster = Take(BoosterLength);
        var trees = Whole(booster, 0, 1, JsonModel.MaxTrees, "number of trees");
        JsonModel.CheckRounds(trees, groups, Whole(booster, 4, 1, JsonModel.MaxTrees, "number of trees that a round makes beside one another"));
        for (var i = 0; i < trees; i++)
        {
            ReadTree(i, features);
        }

        var groupOf = Take((long)trees * sizeof(int));
        for (var i = 0; i < trees; i++)
        {
            Whole(groupOf, i * sizeof(int), 0, groups - 1, "class of a tree");
        }

        return trees;
    }

    private void ReadTree(int number, int features)
    {
        var head = Take(TreeLength);
        var nodes = Whole(head, 4, 1, int.MaxValue / NodeLength, "number of nodes");
        var deleted = Whole(head, 8, 0, nodes, "number of deleted nodes");
        Whole(head, 16, 0, features, "number of features of a tree");
        Whole(head, 20, 0, 0, "length of the vector of a leaf");
        var bytes = Take((long)nodes * NodeLength);
        Take((long)nodes * StatisticsLength);
        int[] left = new int[nodes], right = new int[nodes], parents = new int[nodes], splits = new int[nodes];
        var marked = 0;
        for (var node = 0; node < nodes; node++)
        {
            var place = bytes[(node * NodeLength)..];
            parents[node] = BinaryPrimitives.ReadInt32LittleEndian(place) & int.MaxValue;
            left[node] = BinaryPrimitives.ReadInt32LittleEndian(place[4..]);
            right[node] = BinaryPrimitives.ReadInt32LittleEndian(place[8..]);
            splits[node] = BinaryPrimitives.ReadInt32LittleEndian(place[12..]) & int.MaxValue;
            if (BinaryPrimitives.ReadUInt32LittleEndian(place[12..]) == uint.MaxValue)
            {
                marked++;
                left[node] = right[node] = -1;
            }
        }

        if (marked != deleted)
        {
            throw new ModelFault($"trees[{number}]: expected {deleted} deleted nodes, got {marked}");
        }

        NodeLinks.Check($"trees[{number}]", left, right, parents, splits, features);
    }

    private string Text() => Encoding.UTF8.GetString(Take(Count(1)));

    // A count of so large elements at least: no more of them than bytes are left.
    private long Count(int size)
    {
        var count = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
        return count <= (ulong)(_rest.Length / size) ? (long)count : throw Cut();
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > _rest.Length)
        {
            throw Cut();
        }

        var taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }

    private static ModelFault Cut() => new("the file ends in the middle: is it complete?");

    private static int Whole(ReadOnlySpan<byte> structure, int offset, int min, int max, string what)
    {
        var number = BinaryPrimitives.ReadInt32LittleEndian(structure[offset..]);
        return number >= min && number <= max ? number : throw new ModelFault($"the {what}: expected a whole number from {min} to {max}, got {number}");
    }
}
