using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace InferenceServer.Host.Systemd;

/// <summary>
/// The service manager that started this process, spoken to as <c>sd_notify</c> does: one datagram a message to the socket that the environment names. Without such a socket there is
/// no manager and nothing is said.
/// </summary>
internal sealed class ServiceManager : IDisposable
{
    private const int SendTimeoutMilliseconds = 1000;

    private readonly Socket? _socket;

    /// <summary>Finds the manager.</summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    public ServiceManager(Func<string, string?> environment)
    {
        if (environment("NOTIFY_SOCKET") is not { Length: > 1 } path || path[0] is not ('/' or '@') || !Socket.OSSupportsUnixDomainSockets)
        {
            return;
        }

        // A manager that does not read must not keep a thread.
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeoutMilliseconds };
        try
        {
            // The @ stands for the zero byte that a name without a file begins with.
            _socket.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path));
        }
        catch (SocketException)
        {
            _socket.Dispose();
            _socket = null;
            return;
        }

        if (long.TryParse(environment("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            && environment("WATCHDOG_PID") is var pid && (string.IsNullOrEmpty(pid) || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)))
        {
            WatchdogInterval = TimeSpan.FromMicroseconds(microseconds);
        }
    }

    /// <summary>True when there is a manager.</summary>
    public bool IsThere => _socket is not null;

    /// <summary>After how long a silence the manager takes the process for dead; null when it does not watch.</summary>
    public TimeSpan? WatchdogInterval { get; }

    /// <summary>Says something; a manager that is gone or does not listen is no reason to fail.</summary>
    /// <returns>True when it was handed over.</returns>
    public bool Tell(string message)
    {
        try
        {
            return _socket is not null && _socket.Send(Encoding.UTF8.GetBytes(message)) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Dispose() => _socket?.Dispose();
}
