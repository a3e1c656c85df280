namespace InferenceServer.Testing;

/// <summary>How long a test waits for something that must come, before it fails. No test asserts a time.</summary>
public static class TestTimeouts
{
    public static TimeSpan Phase { get; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest that a server may take to load what it is given: some models are tried in processes of their own, each of which loads its framework.</summary>
    public static TimeSpan Start { get; } = TimeSpan.FromMinutes(2);
}
