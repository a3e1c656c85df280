namespace InferenceServer.Bench;

/// <summary>A failure whose message alone tells the user what to do; it is printed without a stack.</summary>
internal sealed class BenchException : Exception
{
    public BenchException(string message)
        : base(message)
    {
    }

    public BenchException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
