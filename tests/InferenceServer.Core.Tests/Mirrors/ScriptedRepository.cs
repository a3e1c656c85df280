using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using InferenceServer.Core.Mirrors;

namespace InferenceServer.Core.Tests.Mirrors;

/// <summary>A store in memory that fails when a test says so, and counts what it is asked for.</summary>
internal sealed class ScriptedRepository : IRemoteRepository
{
    private readonly ConcurrentDictionary<string, (byte[] Content, RemoteObject Object)> _objects = new(StringComparer.Ordinal);
    private int _tags;

    public string Url { get; init; } = "s3://bucket/prefix";

    /// <summary>The keys that were opened.</summary>
    public ConcurrentQueue<string> Opened { get; } = [];

    public int Listings { get; private set; }

    /// <summary>Called before each listing; what it throws is the listing's failure.</summary>
    public Action OnList { get; set; } = static () => { };

    /// <summary>Called before each read of an object, with its key.</summary>
    public Func<string, Task> OnOpen { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Makes another stream of the content of a key.</summary>
    public Func<string, Stream, Stream> Read { get; set; } = static (_, content) => content;

    public static DateTime Written { get; } = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    public RemoteObject Put(string key, string content, DateTime? written = null)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(content);
        var one = new RemoteObject(key, bytes.Length, $"\"{++_tags}\"", written ?? Written);
        _objects[key] = (bytes, one);
        return one;
    }

    public void Delete(string key) => _objects.TryRemove(key, out _);

    public async IAsyncEnumerable<RemoteObject> ListAsync(string start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Listings++;
        OnList();
        await Task.Yield();
        foreach (var (key, one) in _objects.Where(one => one.Key.StartsWith(start, StringComparison.Ordinal)).OrderBy(static one => one.Key, StringComparer.Ordinal).ToArray())
        {
            yield return one.Object;
        }
    }

    public async IAsyncEnumerable<string> ListNamesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        OnList();
        await Task.Yield();
        foreach (var name in _objects.Keys.Select(static key => key.Contains('/', StringComparison.Ordinal) ? key[..(key.IndexOf('/', StringComparison.Ordinal) + 1)] : key).Distinct())
        {
            yield return name;
        }
    }

    public async Task<Stream> OpenAsync(RemoteObject listed, CancellationToken cancellationToken)
    {
        Opened.Enqueue(listed.Key);
        await OnOpen(listed.Key).WaitAsync(cancellationToken);
        return _objects.TryGetValue(listed.Key, out var one) && one.Object.Tag == listed.Tag
            ? Read(listed.Key, new MemoryStream(one.Content))
            : throw new RemoteRepositoryException("it is gone or has changed since it was listed") { IsChanged = true };
    }
}
