using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>Holds the links between the nodes of a tree to what the library takes for granted.</summary>
internal static class NodeLinks
{
    /// <summary>What a node that was taken out while training splits by.</summary>
    private const int Deleted = int.MaxValue;

    /// <exception cref="ModelFault">A link or a feature's number leads nowhere.</exception>
    public static void Check(string where, ReadOnlySpan<int> left, ReadOnlySpan<int> right, ReadOnlySpan<int> parents, ReadOnlySpan<int> features, int featureCount)
    {
        if (TreeWalk.FindFault(left, right, leaves: 0) is { } fault)
        {
            throw new ModelFault($"{where}: {fault}");
        }

        for (var node = 0; node < left.Length; node++)
        {
            if (node > 0 && parents[node] >= left.Length)
            {
                throw new ModelFault($"the field '{where}.parents': expected numbers of nodes below {left.Length}, got {parents[node]}");
            }

            if ((left[node] == -1) != (right[node] == -1))
            {
                throw new ModelFault($"{where}: node {node} has one child, expected two or none");
            }

            if (left[node] != -1 && features[node] >= featureCount && features[node] != Deleted)
            {
                throw new ModelFault($"the field '{where}.split_indices': expected numbers of features below {featureCount}, got {features[node]}");
            }
        }

        if (features[0] == Deleted || HasDeletedOnItsWay(left, right, features))
        {
            throw new ModelFault($"{where}: a link leads to a node that is marked as deleted");
        }
    }

    private static bool HasDeletedOnItsWay(ReadOnlySpan<int> left, ReadOnlySpan<int> right, ReadOnlySpan<int> features)
    {
        for (var node = 0; node < left.Length; node++)
        {
            if (features[node] != Deleted && left[node] != -1 && (features[left[node]] == Deleted || features[right[node]] == Deleted))
            {
                return true;
            }
        }

        return false;
    }
}
