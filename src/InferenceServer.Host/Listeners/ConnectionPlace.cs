namespace InferenceServer.Host.Listeners;

/// <summary>
/// The place of one connection under a <see cref="ConnectionLimit"/>, given back once. Kestrel can leave a connection of HTTP/2 that is cut amid many resets without ever ending what serves it
/// (dotnet/aspnetcore#51307): nothing holds it any more, and its memory and its socket are left to the garbage collector. Its place goes the same way, since the task that holds it does.
/// </summary>
internal sealed class ConnectionPlace : IDisposable
{
    private readonly ConnectionLimit _limit;
    private readonly Listener _listener;
    private int _isGivenBack;

    /// <summary>Takes a place.</summary>
    public ConnectionPlace(ConnectionLimit limit, Listener listener)
    {
        _limit = limit;
        _listener = listener;
        IsBeyond = limit.Take(listener);
    }

    ~ConnectionPlace()
    {
        _limit.Abandon(_listener);
        GiveBack();
    }

    /// <summary>Whether there were no more to take.</summary>
    public bool IsBeyond { get; }

    public void Dispose()
    {
        GiveBack();
        GC.SuppressFinalize(this);
    }

    private void GiveBack()
    {
        if (Interlocked.Exchange(ref _isGivenBack, 1) == 0)
        {
            _limit.GiveBack(_listener);
        }
    }
}
