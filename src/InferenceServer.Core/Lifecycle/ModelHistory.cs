namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Remembers the versions that are not there any more, so that the index can tell what became of them and a client that asks for one is told
/// that it exists and does not serve. Belongs to the lifecycle loop; bounded, the oldest is forgotten first.
/// </summary>
internal sealed class ModelHistory
{
    /// <summary>The most versions that are remembered.</summary>
    public const int Capacity = 4096;

    private const string UnloadedReason = "unloaded";

    private readonly OrderedDictionary<(string Name, long Number), ModelStatus> _versions = [];

    /// <summary>What is remembered, oldest first.</summary>
    public IReadOnlyCollection<ModelStatus> Versions => _versions.Values;

    /// <summary>Takes incarnations out of the living; they are remembered unless another one of the same version serves.</summary>
    public void Take(List<Incarnation> living, Predicate<Incarnation> which)
    {
        foreach (var incarnation in living.FindAll(which))
        {
            living.Remove(incarnation);
            if (!living.Exists(other => other.ModelName == incarnation.ModelName && other.Source.Number == incarnation.Source.Number && other.State is ModelState.Ready))
            {
                Add(incarnation);
            }
        }
    }

    /// <summary>A version has been unloaded, or a load of it has failed and is not wanted any more.</summary>
    public void Add(Incarnation incarnation)
    {
        var key = (incarnation.ModelName, incarnation.Source.Number);
        _versions.Remove(key);
        if (_versions.Count == Capacity)
        {
            _versions.RemoveAt(0);
        }

        var isFailed = incarnation.State == ModelState.Failed;
        _versions.Add(key, new ModelStatus
        {
            Name = incarnation.ModelName,
            Version = incarnation.Source.Number,
            State = isFailed ? ModelState.Failed : ModelState.Unloaded,
            Reason = isFailed ? incarnation.Reason : UnloadedReason,
            Backend = incarnation.Source.Config.Backend.Name,
        });
    }

    /// <summary>A version is there again.</summary>
    public void Remove(Incarnation incarnation) => _versions.Remove((incarnation.ModelName, incarnation.Source.Number));

    /// <summary>What is not wanted any more has not failed: that it does not serve is as it should be.</summary>
    /// <param name="isWanted">Whether a model of that name is wanted.</param>
    public void Forgive(Func<string, bool> isWanted)
    {
        foreach (var (key, status) in _versions.Where(pair => pair.Value.State == ModelState.Failed && !isWanted(pair.Key.Name)).ToArray())
        {
            _versions[key] = status with { State = ModelState.Unloaded, Reason = UnloadedReason };
        }
    }
}
