namespace InferenceServer.Bench.Inputs;

/// <summary>How the inputs of a model are shaped and filled.</summary>
internal sealed record InputOptions
{
    /// <summary>The size of a leading free dimension of every input.</summary>
    public int Rows { get; init; } = 1;

    /// <summary>Shapes by the name of the input: whole ones, or what stands behind the rows. A free dimension without one becomes 1.</summary>
    public IReadOnlyDictionary<string, long[]> Shapes { get; init; } = new Dictionary<string, long[]>();

    /// <summary>Other random values for each.</summary>
    public int Seed { get; init; }

    /// <summary>How many different random requests there are.</summary>
    public int Distinct { get; init; } = 1;

    /// <summary>Letters of each random text; 0 for a short number as a text.</summary>
    public int StringLength { get; init; }
}
