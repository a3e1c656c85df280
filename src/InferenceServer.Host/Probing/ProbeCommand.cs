using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Probing;

/// <summary>
/// What <c>inference-server probe</c> does: asks the server that runs beside it, with the same options, whether it is ready. For whoever watches a process by running another
/// one: an image without a shell has nothing else that could ask.
/// </summary>
/// <param name="client">Asks; its base address is the server's.</param>
/// <param name="output">Where the answer is said.</param>
internal sealed class ProbeCommand(HttpClient client, TextWriter output)
{
    /// <summary>As long as a probe of Docker or of systemd is usually given.</summary>
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    /// <summary>A client for the server that those options would start; without a base address when no port of that can be asked.</summary>
    public static HttpClient MakeClient(ServerOptions options)
    {
        // The server's name is not that of the loopback interface, and its authority need not be known to this machine. Nothing is sent that others may not know, and nobody is between.
        var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null } };
        return new HttpClient(handler) { Timeout = s_timeout, BaseAddress = FindAddress(options) };
    }

    /// <summary>Where to ask: over HTTP, or at the port of the metrics where there is no HTTP, or none for those without a certificate. Null when there is neither.</summary>
    public static Uri? FindAddress(ServerOptions options) => options switch
    {
        { Http: { } http } when options.Security.HttpTls is null or { Roots: null } => AddressOf(http, options.Security.HttpTls is not null),
        { Metrics: { } metrics } when options.Security.MetricsTls is null or { Roots: null } => AddressOf(metrics, options.Security.MetricsTls is not null),
        _ => null,
    };

    /// <summary>Where a server that listens there is reached from its own machine.</summary>
    public static Uri AddressOf(IPEndPoint listens, bool hasTls)
    {
        var address = listens.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listens.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : listens.Address;
        return new UriBuilder(hasTls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString(), listens.Port).Uri;
    }

    /// <summary>Asks once.</summary>
    /// <returns>The exit code: 0 when the server is ready, 1 when it is not or does not answer.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (client.BaseAddress is null)
        {
            await output.WriteLineAsync("no port can be asked: probe asks over HTTP, or at the port of the metrics, and has no certificate");
            return 1;
        }

        try
        {
            using var response = await client.GetAsync(new Uri("v2/health/ready", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await output.WriteLineAsync(response.IsSuccessStatusCode ? "ready" : $"not ready: {(int)response.StatusCode}");
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (HttpRequestException exception)
        {
            await output.WriteLineAsync($"no answer: {exception.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await output.WriteLineAsync($"no answer within {s_timeout.TotalSeconds} s");
            return 1;
        }
    }
}
