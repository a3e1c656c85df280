namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Which lines of the server's log are kept: what is odd or fails, with the exceptions that belong to it. Of everything else there would be too much.</summary>
internal sealed class SoakLog
{
    private static readonly string[] s_levels = [" WRN ", " ERR ", " FTL "];
    private bool _belongs;

    /// <summary>True for the first line of an entry, which has the time: "2026-05-04T03:02:01.123456Z ERR …". The lines of an exception follow, and the first of them begins with its type.</summary>
    public static bool BeginsEntry(string line) => line.Length > 27 && char.IsAsciiDigit(line[0]) && line[10] == 'T' && line[26] == 'Z';

    /// <summary>True for a line that is kept.</summary>
    public bool Keeps(string line)
    {
        if (BeginsEntry(line))
        {
            _belongs = s_levels.Any(level => line.Contains(level, StringComparison.Ordinal));
        }

        return _belongs;
    }
}
