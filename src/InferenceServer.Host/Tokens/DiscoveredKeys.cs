using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Host.Identities;
using Microsoft.IdentityModel.Tokens;

namespace InferenceServer.Host.Tokens;

/// <summary>Keys that an issuer publishes (OpenID Connect Discovery 1.0). They are fetched at start, every hour, and when a token names one that is not known.</summary>
internal sealed class DiscoveredKeys(TokenOptions options, HttpMessageInvoker http, TimeProvider time, ILogger<DiscoveredKeys> logger) : BackgroundService, ISigningKeys
{
    /// <summary>Strangers can name any key, and must not have the issuer asked each time.</summary>
    public static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(10);

    private const int MaxBytes = 1 << 20;
    private static readonly TimeSpan s_interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private ImmutableArray<SecurityKey> _current = [];
    private Task _fetching = Task.CompletedTask;
    private long? _fetchedAt;

    public ImmutableArray<SecurityKey> Current => _current;

    public Task RefreshAsync()
    {
        lock (_lock)
        {
            // Whoever comes while they are fetched waits for that.
            if (_fetching.IsCompleted && (_fetchedAt is not { } last || time.GetElapsedTime(last) >= LeastInterval))
            {
                _fetchedAt = time.GetTimestamp();
                _fetching = Task.Run(FetchAsync);
            }

            return _fetching;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await RefreshAsync().WaitAsync(stoppingToken).ConfigureAwait(false);
                await Task.Delay(_current.IsEmpty ? s_retry : s_interval, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task FetchAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(s_patience, time);
            using var description = JsonDocument.Parse(await GetAsync(options.Discovery!, limit.Token).ConfigureAwait(false), new JsonDocumentOptions { MaxDepth = 16 });
            var root = description.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("issuer", out var issuer) || issuer.ValueKind != JsonValueKind.String || issuer.GetString() != options.Issuer)
            {
                IdentityLog.NoKeys(logger, $"{options.Discovery} is not the description of {options.Issuer}");
                return;
            }

            if (!root.TryGetProperty("jwks_uri", out var place) || place.ValueKind != JsonValueKind.String || !Uri.TryCreate(place.GetString(), UriKind.Absolute, out var uri) || !IsAllowed(uri, options.AllowsHttp))
            {
                IdentityLog.NoKeys(logger, $"{options.Discovery} has no jwks_uri with https");
                return;
            }

            if (!KeySetReader.TryRead(await GetAsync(uri, limit.Token).ConfigureAwait(false), out var keys, out var problem))
            {
                IdentityLog.NoKeys(logger, $"{uri}: {problem}");
                return;
            }

            _current = keys;
            IdentityLog.Keys(logger, keys.Length);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException or IOException)
        {
            IdentityLog.NoKeys(logger, $"{options.Discovery}: {AuditText.Of(exception.Message)}");
        }
    }

    /// <summary>True for where keys may be fetched from.</summary>
    public static bool IsAllowed(Uri uri, bool allowsHttp) => uri.Scheme == Uri.UriSchemeHttps || (allowsHttp && uri.Scheme == Uri.UriSchemeHttp);

    private async Task<byte[]> GetAsync(Uri uri, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"the answer is {(int)response.StatusCode}");
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            using var content = new MemoryStream();
            var buffer = new byte[16 << 10];
            for (int read; (read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                content.Write(buffer, 0, read);
                if (content.Length > MaxBytes)
                {
                    throw new HttpRequestException($"the answer has more than {MaxBytes} bytes");
                }
            }

            return content.ToArray();
        }
    }
}
