using System.Globalization;
using System.Net;

namespace InferenceServer.Bench.Addresses;

/// <summary>Where a server listens.</summary>
/// <param name="Host">A name or an address; one of IPv6 without its brackets.</param>
/// <param name="Port">The port, 1 to 65535.</param>
/// <param name="IsTls">Whether the connection is encrypted.</param>
internal sealed record ServerAddress(string Host, int Port, bool IsTls = false)
{
    private const string Http = "http://";
    private const string Https = "https://";

    /// <summary>Host and port as the Host header has them.</summary>
    public string Authority => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");

    /// <summary>The address as a URL without a path.</summary>
    public Uri Url => new($"{(IsTls ? Https : Http)}{Authority}");

    /// <summary>Whether it is known without asking anyone that the server is on this machine.</summary>
    public bool IsLoopback => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    public static ServerAddress Of(IPEndPoint address) => new(address.Address.ToString(), address.Port);

    /// <summary>Reads <c>host</c>, <c>host:port</c> or one of the two behind <c>http://</c> or <c>https://</c>.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="fallbackPort">The port where neither a port nor a scheme is given.</param>
    /// <returns>Null when it is none of these.</returns>
    public static ServerAddress? TryParse(string text, int fallbackPort)
    {
        var isTls = text.StartsWith(Https, StringComparison.OrdinalIgnoreCase);
        var hasScheme = isTls || text.StartsWith(Http, StringComparison.OrdinalIgnoreCase);
        var whole = hasScheme ? text : Http + text;

        // A port of the scheme's own is not told apart from none, so it is looked for in the text.
        if (!Uri.TryCreate(whole, UriKind.Absolute, out var url) || url.PathAndQuery != "/" || url.Fragment.Length > 0 || url.UserInfo.Length > 0 || url.DnsSafeHost.Length == 0 || url.Port is < 1 or > 65535)
        {
            return null;
        }

        var authority = whole[(whole.IndexOf("//", StringComparison.Ordinal) + 2)..].TrimEnd('/');
        var hasPort = authority.LastIndexOf(':') > authority.LastIndexOf(']');
        return new ServerAddress(url.DnsSafeHost, hasPort || hasScheme ? url.Port : fallbackPort, isTls);
    }

    public override string ToString() => IsTls ? Https + Authority : Authority;
}
