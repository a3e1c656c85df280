using InferenceServer.Host.Options;
using Microsoft.AspNetCore.Connections;

namespace InferenceServer.Host.Listeners;

/// <summary>
/// Bounds how many connections are open, so that they leave descriptors to everything else: a process without one cannot open a model, its cache, or the library
/// that a first request needs. HTTP and gRPC share the bound; the metrics have seats of their own, so that a flood can be seen from outside while it lasts.
/// </summary>
internal sealed partial class ConnectionLimit(ServerOptions options, TimeProvider time, ILogger<ConnectionLimit> logger)
{
    /// <summary>How many connections the metrics' port takes.</summary>
    public const int MetricsMaximum = 128;

    private readonly long[] _open = new long[Enum.GetValues<Listener>().Length];
    private readonly long[] _refused = new long[Enum.GetValues<Listener>().Length];
    private readonly long[] _abandoned = new long[Enum.GetValues<Listener>().Length];
    private readonly WarningInterval _sinceWarning = new(time);
    private long _clients;

    /// <summary>How many HTTP and gRPC may have together.</summary>
    public int Maximum => options.MaxConnections;

    /// <summary>How many connections of a port are open.</summary>
    public long Open(Listener listener) => Interlocked.Read(ref _open[(int)listener]);

    /// <summary>How many were closed as soon as they came.</summary>
    public long Refused(Listener listener) => Interlocked.Read(ref _refused[(int)listener]);

    /// <summary>How many never ended and were left to the garbage collector.</summary>
    public long Abandoned(Listener listener) => Interlocked.Read(ref _abandoned[(int)listener]);

    /// <summary>Puts this in front of what serves a port's connections.</summary>
    public ConnectionDelegate Before(Listener listener, ConnectionDelegate next) => async connection =>
    {
        using var place = new ConnectionPlace(this, listener);
        if (place.IsBeyond)
        {
            Interlocked.Increment(ref _refused[(int)listener]);
            Tell(listener);
            connection.Abort(new ConnectionAbortedException("too many connections"));
            return;
        }

        await next(connection);
    };

    /// <summary>Takes a place of a port; whether it is one too many.</summary>
    internal bool Take(Listener listener)
    {
        var open = Interlocked.Increment(ref _open[(int)listener]);
        return listener == Listener.Metrics ? open > MetricsMaximum : Interlocked.Increment(ref _clients) > Maximum;
    }

    /// <summary>Gives a place back.</summary>
    internal void GiveBack(Listener listener)
    {
        Interlocked.Decrement(ref _open[(int)listener]);
        if (listener != Listener.Metrics)
        {
            Interlocked.Decrement(ref _clients);
        }
    }

    /// <summary>Counts a connection that was left to the collector.</summary>
    internal void Abandon(Listener listener) => Interlocked.Increment(ref _abandoned[(int)listener]);

    private void Tell(Listener listener)
    {
        if (_sinceWarning.IsOver())
        {
            // Places whose connections were left to the collector come back by it. What is refused hardly makes garbage, so that it might not come by itself for long.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Default, blocking: false);
            LogRefused(listener == Listener.Rpc ? "gRPC" : listener == Listener.Http ? "HTTP" : "metrics", listener == Listener.Metrics ? MetricsMaximum : Maximum, Refused(Listener.Http) + Refused(Listener.Rpc) + Refused(Listener.Metrics));
        }
    }

    [LoggerMessage(8500, LogLevel.Warning, "A connection to the {Port} port was closed as soon as it came: {Maximum} are open, and no more may be (--max-connections); {Count} have been closed so since the start")]
    private partial void LogRefused(string port, int maximum, long count);
}
