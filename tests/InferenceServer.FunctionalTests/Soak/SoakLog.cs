namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Which lines of the server's log are kept: what is odd or fails, with the exceptions that belong to it. Of everything else there would be too much.</summary>
internal sealed class SoakLog
{
    private bool _belongs;

    /// <summary>True for a line that is kept.</summary>
    public bool Keeps(string line)
    {
        if (!line.StartsWith(' '))
        {
            _belongs = line.Contains(" WRN ", StringComparison.Ordinal) || line.Contains(" ERR ", StringComparison.Ordinal) || line.Contains(" FTL ", StringComparison.Ordinal);
        }

        return _belongs;
    }
}
