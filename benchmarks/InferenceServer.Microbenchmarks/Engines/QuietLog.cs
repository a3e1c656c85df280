using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Microbenchmarks.Engines;

/// <summary>Keeps what an engine says of its settings to itself; a warning is for whoever looks at the numbers.</summary>
internal sealed class QuietLog : IBackendLog
{
    public static QuietLog Instance { get; } = new();

    public void Info(string message)
    {
    }

    public void Warning(string message) => Console.Error.WriteLine(message);
}
