namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Lanes beside those that a configuration asks for. They have no threads: callers run by them what takes next to nothing while the others are taken, since such a request would wait longer for its turn than it
/// runs. Each is made when it is first wanted. Not thread safe: used under the scheduler's lock.
/// </summary>
internal sealed class SideLanes
{
    private InstanceRunner[] _lanes = [];

    /// <summary>How many there may be.</summary>
    public int Most { get; set; }

    /// <summary>True while one is being made.</summary>
    public bool IsMaking { get; private set; }

    /// <summary>Those that there are.</summary>
    public InstanceRunner[] Lanes => _lanes;

    /// <summary>True when no caller has one and none is being made.</summary>
    public bool IsIdle => !IsMaking && Array.TrueForAll(_lanes, static lane => !lane.IsLent);

    /// <summary>One that nobody has; null when there is none.</summary>
    public InstanceRunner? Find()
    {
        foreach (var lane in _lanes)
        {
            if (!lane.IsLent)
            {
                return lane;
            }
        }

        return null;
    }

    /// <summary>True when one more may be made: whoever asks makes it, and tells by <see cref="EndMaking"/>.</summary>
    public bool TryBeginMaking()
    {
        if (IsMaking || _lanes.Length >= Most)
        {
            return false;
        }

        IsMaking = true;
        return true;
    }

    /// <summary>One has been made, or could not be, and then no other is tried.</summary>
    /// <returns>False when it is not wanted any more.</returns>
    public bool EndMaking(InstanceRunner? made)
    {
        IsMaking = false;
        if (made is null)
        {
            Most = 0;
            return true;
        }

        if (_lanes.Length >= Most)
        {
            return false;
        }

        _lanes = [.. _lanes, made];
        return true;
    }

    /// <summary>Takes all of them out.</summary>
    public InstanceRunner[] Clear()
    {
        var all = _lanes;
        _lanes = [];
        return all;
    }
}
