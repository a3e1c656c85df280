namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>A request that is answered any number of times, and what must come of it.</summary>
/// <param name="Model">The model.</param>
/// <param name="Id">The request's own name.</param>
/// <param name="Values">What its input holds: a value of its own for each response, or how many responses there shall be.</param>
/// <param name="Delays">How long each response takes, in milliseconds; null for a model that has no such input.</param>
internal sealed record DecoupledItem(string Model, string Id, int[] Values, uint[]? Delays)
{
    /// <summary>True when the end is to be told, also where it has no response.</summary>
    public bool WantsEmptyFinal { get; init; }

    /// <summary>The responses in their order, worked out without a server: as many as there must be, or at most may.</summary>
    public IReadOnlyList<DecoupledPiece> Expected { get; init; } = [];

    /// <summary>What the error after them must say; null when there must be none.</summary>
    public string? Fails { get; init; }

    /// <summary>What an error may say that comes in place of any of them; null when there must be none.</summary>
    public string? Excuse { get; init; }

    /// <summary>True for a model whose last response is known to be the last.</summary>
    public bool AnswersOnce { get; init; }

    public static DecoupledItem Next(Random random, int number)
    {
        var id = $"{number}";
        var wantsEmptyFinal = random.Next(2) == 0;
        switch (random.Next(6))
        {
            case 0:
                // Now and then more than may be unread.
                var count = random.Next(20) == 0 ? random.Next(200, 400) : random.Next(0, 12);
                return new DecoupledItem(DecoupledRepository.Squared, id, [count], null) { WantsEmptyFinal = wantsEmptyFinal, Expected = [.. Enumerable.Repeat(new DecoupledPiece(count, null), count)] };
            case 1:
                return new DecoupledItem(DecoupledRepository.Plain, id, [number], null) { WantsEmptyFinal = wantsEmptyFinal, Expected = [new DecoupledPiece(number, null)], AnswersOnce = true };
            case 2:
                var breaking = Repeat(DecoupledRepository.Breaking);
                return breaking.Values.Length <= DecoupledRepository.BreaksAfter
                    ? breaking
                    : breaking with { Expected = [.. breaking.Expected.Take(DecoupledRepository.BreaksAfter)], Fails = "configured to fail after 3 responses" };
            case 3:
                return Repeat(DecoupledRepository.Repeated);
            case 4:
                return Repeat(DecoupledRepository.Spread);
            default:
                return Repeat(DecoupledRepository.Wavering) with { Excuse = "the model is configured to fail" };
        }

        // No two requests have a value in common.
        DecoupledItem Repeat(string model)
        {
            int[] values = [.. Enumerable.Range(0, random.Next(0, 9)).Select(i => (number * 16) + i)];
            return new DecoupledItem(model, id, values, [.. values.Select(_ => (uint)(random.Next(4) == 0 ? random.Next(1, 4) : 0))])
            {
                WantsEmptyFinal = wantsEmptyFinal,
                Expected = [.. values.Select(static (value, place) => new DecoupledPiece(value, place))],
            };
        }
    }
}
