using Microsoft.AspNetCore.Connections;

namespace InferenceServer.Host.Listeners;

/// <summary>
/// Ends connections that have become old, so that clients which keep theirs for ever find servers that came later: at a certain age a
/// connection is asked to go (over HTTP/2 by GOAWAY, which lets the calls on it end and takes no new ones), and some time after that it is cut.
/// </summary>
/// <param name="age">When a connection is asked to go.</param>
/// <param name="grace">How long its calls may take after that; <see cref="Timeout.InfiniteTimeSpan"/> for as long as they need.</param>
/// <param name="time">The clock.</param>
/// <param name="jitter">A number from 0 to 1 for each connection: so that those which came together do not go together.</param>
internal sealed class ConnectionAge(TimeSpan age, TimeSpan grace, TimeProvider time, Func<double> jitter)
{
    /// <summary>How much older or younger than the age a connection may become, as a part of it. The same as in gRPC's own library.</summary>
    private const double Spread = 0.1;

    /// <summary>Puts this in front of what serves a connection.</summary>
    public ConnectionDelegate Before(ConnectionDelegate next) => async connection =>
    {
        await using var ageing = new AgeingConnection(connection, age * (1 - Spread + (2 * Spread * jitter())), grace, time);
        await next(connection);
    };
}
