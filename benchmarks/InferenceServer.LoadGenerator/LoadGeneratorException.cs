namespace InferenceServer.LoadGenerator;

/// <summary>A failure whose message alone tells the user what to do; it is printed without a stack.</summary>
internal sealed class LoadGeneratorException : Exception
{
    public LoadGeneratorException(string message)
        : base(message)
    {
    }

    public LoadGeneratorException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
