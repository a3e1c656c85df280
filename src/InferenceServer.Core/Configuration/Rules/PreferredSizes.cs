namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Sizes worth waiting for are sizes that a batch can have.</summary>
internal static class PreferredSizes
{
    /// <summary>Checks the sizes, as far as the file tells how large a batch can be.</summary>
    public static void Check(RuleContext context, string path, IReadOnlyList<int> sizes)
    {
        for (var i = 0; i < sizes.Count; i++)
        {
            var place = DeclaredTensor.PathOf(path, i);
            if (sizes[i] < 1)
            {
                context.Error(place, FormattableString.Invariant($"a preferred_batch_size must be 1 or more, found {sizes[i]}"));
            }
            else if (context.MaxBatchSize is > 0 and var most && sizes[i] > most)
            {
                context.Error(place, FormattableString.Invariant($"a preferred_batch_size of {sizes[i]} is more than max_batch_size, which is {most}"));
            }
        }
    }
}
