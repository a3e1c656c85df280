using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Host.Listeners;

/// <summary>One connection on its way: young, then asked to go, then cut. Disposed when it has ended.</summary>
internal sealed class AgeingConnection : IAsyncDisposable
{
    private readonly ConnectionContext _connection;
    private readonly TimeSpan _grace;
    private readonly ITimer _timer;
    private bool _isAsked;

    public AgeingConnection(ConnectionContext connection, TimeSpan age, TimeSpan grace, TimeProvider time)
    {
        _connection = connection;
        _grace = grace;

        // Started only now that there is a timer to be set again. It does not hold the connection: one that is left to the collector must not wait for its age.
        _timer = time.CreateTimer(static state => (((WeakReference)state!).Target as AgeingConnection)?.Age(), new WeakReference(this), Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(age, Timeout.InfiniteTimeSpan);
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Age()
    {
        if (_isAsked)
        {
            _connection.Abort(new ConnectionAbortedException("the connection has reached its greatest age"));
            return;
        }

        _isAsked = true;
        _connection.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
        if (_grace != Timeout.InfiniteTimeSpan)
        {
            _timer.Change(_grace, Timeout.InfiniteTimeSpan);
        }
    }
}
