namespace InferenceServer.Host.Following;

/// <summary>
/// Decides at which look a content is taken: when it is new and two looks in a row agree on it, so that a pair of files which is replaced one after the other is
/// not met between the two. What was refused is not tried again before it changes.
/// </summary>
/// <param name="current">The digest of what is in force.</param>
internal sealed class SettledContent(string current)
{
    private string _seen = current;
    private string _judged = current;

    /// <summary>True when what is there now is to be tried; it will not be asked for again.</summary>
    /// <param name="digest">The digest of what is there now.</param>
    public bool ShouldTry(string digest)
    {
        if (digest == _judged)
        {
            _seen = digest;
            return false;
        }

        if (digest != _seen)
        {
            _seen = digest;
            return false;
        }

        _judged = digest;
        return true;
    }
}
