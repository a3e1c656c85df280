namespace InferenceServer.Core.Ensembles;

/// <summary>
/// Bounds the requests of each step that are on their way at once, over all requests of the ensemble. Each step has its own room, and whoever is in one waits only for rooms of later steps,
/// so that nobody waits for himself.
/// </summary>
internal sealed class EnsembleLimiter
{
    private readonly SemaphoreSlim[] _steps;

    /// <param name="steps">How many steps there are.</param>
    /// <param name="most">The most requests of one step; 0 for no bound.</param>
    public EnsembleLimiter(int steps, int most) => _steps = most == 0 ? [] : [.. Enumerable.Range(0, steps).Select(_ => new SemaphoreSlim(most))];

    /// <summary>Waits until there is room for one more request of a step.</summary>
    /// <returns>The room, given back by disposing; null where there is no bound.</returns>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public ValueTask<Room?> EnterAsync(int step, CancellationToken cancellationToken) =>
        _steps.Length == 0 ? default : WaitAsync(_steps[step], cancellationToken);

    private static async ValueTask<Room?> WaitAsync(SemaphoreSlim step, CancellationToken cancellationToken)
    {
        await step.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Room(step);
    }

    /// <summary>Room for one request.</summary>
    public sealed class Room(SemaphoreSlim step) : IDisposable
    {
        private SemaphoreSlim? _step = step;

        public void Dispose() => Interlocked.Exchange(ref _step, null)?.Release();
    }
}
