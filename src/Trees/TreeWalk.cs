namespace InferenceServer.Backends.Trees;

/// <summary>
/// Walks a tree as a library would. Libraries follow the links of a file without a look: one that points outside would make them read foreign memory, and one that
/// points back would keep them for ever.
/// </summary>
internal static class TreeWalk
{
    /// <summary>No training makes deeper ones, and libraries walk some of their ways by recursion.</summary>
    public const int MaxDepth = 1000;

    /// <summary>What is wrong with the tree; null when every way from the root ends in a leaf and no node is on two ways.</summary>
    /// <param name="left">The left link of each node.</param>
    /// <param name="right">The right link of each node.</param>
    /// <param name="leaves">How many leaves lie beside the nodes, linked as -1 for the first, -2 for the second …; 0 when leaves are nodes whose left link is -1.</param>
    public static string? FindFault(ReadOnlySpan<int> left, ReadOnlySpan<int> right, int leaves)
    {
        var seen = new bool[left.Length];
        var seenLeaves = new bool[leaves];
        var ways = new Stack<(int Node, int Depth)>();
        ways.Push((0, 0));
        while (ways.TryPop(out var way))
        {
            var (node, depth) = way;
            if (leaves > 0 && node < 0)
            {
                if (~node >= leaves)
                {
                    return $"a link leads to leaf {~node}, and there are {leaves}";
                }

                if (seenLeaves[~node])
                {
                    return $"two links lead to leaf {~node}";
                }

                seenLeaves[~node] = true;
                continue;
            }

            if ((uint)node >= (uint)left.Length)
            {
                return $"a link leads to node {node}, and there are {left.Length}";
            }

            if (seen[node])
            {
                return $"two links lead to node {node}";
            }

            seen[node] = true;
            if (leaves == 0 && left[node] == -1)
            {
                continue;
            }

            if (depth == MaxDepth)
            {
                return $"it is deeper than {MaxDepth}";
            }

            ways.Push((left[node], depth + 1));
            ways.Push((right[node], depth + 1));
        }

        return null;
    }
}
