namespace InferenceServer.Testing;

/// <summary>How long a test waits for something that must come, before it fails. No test asserts a time.</summary>
public static class TestTimeouts
{
    public static TimeSpan Phase { get; } = TimeSpan.FromSeconds(30);
}
