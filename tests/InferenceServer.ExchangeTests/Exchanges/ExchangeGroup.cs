namespace InferenceServer.ExchangeTests.Exchanges;

/// <summary>Neighbouring cases of a family that were recorded with one server: they are asked in their order, later ones count on earlier ones.</summary>
/// <param name="Family">The family.</param>
/// <param name="Repository">The model repository's name.</param>
/// <param name="Flags">What the server was started with besides.</param>
/// <param name="Cases">The cases.</param>
internal sealed record ExchangeGroup(string Family, string Repository, string[] Flags, IReadOnlyList<ExchangeCase> Cases)
{
    /// <summary>What tells it from the others.</summary>
    public string Name => string.Join(' ', [Family, Repository, .. Flags]);

    /// <summary>True when a case counts on requests that arrive so many milliseconds after one another.</summary>
    public bool CountsOnTime => Cases.Any(static one => one.Steps.Any(static step => step.Has("parallel") || step.Has("sleep_ms")));
}
