namespace InferenceServer.Core.Routing;

/// <summary>Says when what the files declare counts: once at start, or whenever two looks in a row agree on something new.</summary>
internal sealed class AliasFileFollower(AliasFiles files, AliasRegistry registry)
{
    private string? _seen;
    private string? _applied;

    /// <summary>True when what the last look found is in force, or refused: another look would only be one of the ordinary ones.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Looks once, and what is found counts.</summary>
    public void ReadOnce() => registry.Apply(files.Read());

    /// <summary>Looks once more.</summary>
    public void Step()
    {
        var found = files.Read();
        IsSettled = found.Stamp == _applied || found.Stamp == _seen;
        if (IsSettled && found.Stamp != _applied)
        {
            _applied = found.Stamp;
            registry.Apply(found);
        }

        _seen = found.Stamp;
    }
}
