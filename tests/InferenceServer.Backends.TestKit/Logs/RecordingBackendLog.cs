using System.Collections.Concurrent;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Backends.TestKit.Logs;

/// <summary>Keeps what a backend says.</summary>
public sealed class RecordingBackendLog : IBackendLog
{
    private readonly ConcurrentQueue<string> _infos = [];
    private readonly ConcurrentQueue<string> _warnings = [];

    public IReadOnlyCollection<string> Infos => _infos;

    public IReadOnlyCollection<string> Warnings => _warnings;

    public void Info(string message) => _infos.Enqueue(message);

    public void Warning(string message) => _warnings.Enqueue(message);
}
