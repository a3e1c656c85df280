namespace InferenceServer.Microbenchmarks.Engines;

/// <summary>So many rows of a model.</summary>
internal sealed record EngineCase(EngineModel Model, int Rows)
{
    public override string ToString() => $"{Model.Name}, {Rows} rows";
}
