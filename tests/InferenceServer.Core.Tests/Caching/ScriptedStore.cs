using System.Collections.Concurrent;
using InferenceServer.Core.Caching;

namespace InferenceServer.Core.Tests.Caching;

/// <summary>A store of answers that does what a test says.</summary>
internal sealed class ScriptedStore : IResponseStore
{
    private int _reads;
    private int _writes;

    public string Description => "a scripted store";

    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>True when an answer comes on another thread than the question.</summary>
    public bool AnswersLater { get; init; }

    /// <summary>What is thrown at whoever asks; null for nothing.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What whoever reads or writes waits for, whatever becomes of its token.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public int Reads => Volatile.Read(ref _reads);

    public int Writes => Volatile.Read(ref _writes);

    public ConcurrentDictionary<CacheKey, byte[]> Content { get; } = [];

    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CacheKey key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        await AnswerAsync();
        if (Content.TryGetValue(key, out var content))
        {
            return content;
        }

        return null;
    }

    public async Task WriteAsync(CacheKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _writes);
        await AnswerAsync();
        Content[key] = content.ToArray();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task AnswerAsync()
    {
        if (AnswersLater)
        {
            await Task.Yield();
        }

        await Gate;
        if (Failure is { } failure)
        {
            throw failure;
        }
    }
}
