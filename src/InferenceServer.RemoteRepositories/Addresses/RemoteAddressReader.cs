using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace InferenceServer.RemoteRepositories.Addresses;

/// <summary>
/// Reads the addresses of repositories elsewhere, in Triton's forms: <c>s3://bucket/path</c>, <c>s3://host:port/bucket/path</c>, <c>s3://http://host:port/bucket/path</c> and with https, and
/// <c>as://account/container/path</c>; and, as for S3, <c>as://http://host:port/account/container/path</c>.
/// </summary>
public static partial class RemoteAddressReader
{
    private const string S3 = "s3://";
    private const string Azure = "as://";
    private const string AzureHost = ".blob.core.windows.net";

    /// <summary>True for what looks like an address rather than a folder.</summary>
    public static bool IsAddress(string text) => Scheme().IsMatch(text);

    /// <summary>Reads an address.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="address">The address.</param>
    /// <param name="problem">What is wrong with it, as half a sentence that does not repeat it: it may hold a secret by mistake.</param>
    public static bool TryRead(string text, [NotNullWhen(true)] out RemoteAddress? address, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = null;
        problem = text.StartsWith("gs://", StringComparison.Ordinal) ? "repositories in Google Cloud Storage (gs://) are not supported; expected a folder, s3://… or as://…"
            : !text.StartsWith(S3, StringComparison.Ordinal) && !text.StartsWith(Azure, StringComparison.Ordinal) ? $"repositories at {Scheme().Match(text).Value}… are not supported; expected a folder, s3://… or as://…"
            : text.Any(static character => char.IsControl(character) || character == '\\') ? "the address has a control character or a '\\'"
            : text.AsSpan().ContainsAny('?', '#', '@') ? "the address has a '?', '#' or '@'; user names, tokens and queries have no place in it, credentials come from the environment"
            : null;
        if (problem is not null)
        {
            return false;
        }

        var rest = text[S3.Length..];
        var endpoint = ReadEndpoint(ref rest, text.StartsWith(S3, StringComparison.Ordinal), out problem);
        if (problem is not null)
        {
            return false;
        }

        var parts = rest.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (Array.Exists(parts, static part => part is "." or ".."))
        {
            problem = "the address has a part '.' or '..'";
            return false;
        }

        address = text.StartsWith(S3, StringComparison.Ordinal) ? ReadS3(text, endpoint, parts) : ReadAzure(text, endpoint, parts);
        problem = address is not null ? null
            : text.StartsWith(S3, StringComparison.Ordinal) ? "the address names no bucket, expected s3://bucket/path or s3://http://host:port/bucket/path"
            : "the address names no account and container, expected as://account/container/path";
        return address is not null;
    }

    private static Uri? ReadEndpoint(ref string rest, bool mayLackScheme, out string? problem)
    {
        problem = null;
        var match = Endpoint().Match(rest);
        if (!match.Success || (!mayLackScheme && match.Groups["scheme"].Length == 0) || (match.Groups["scheme"].Length == 0 && match.Groups["port"].Length == 0))
        {
            if (rest.StartsWith("http:", StringComparison.Ordinal) || rest.StartsWith("https:", StringComparison.Ordinal))
            {
                problem = "the address has no host after http:// or https://";
            }

            return null;
        }

        // Without a scheme, as in Triton: a store of one's own that speaks plain HTTP.
        var scheme = match.Groups["scheme"].Length == 0 ? "http://" : match.Groups["scheme"].Value;
        if (!Uri.TryCreate(scheme + match.Groups["host"].Value + match.Groups["port"].Value + "/", UriKind.Absolute, out var endpoint))
        {
            problem = "the address has no valid host and port";
            return null;
        }

        rest = rest[match.Length..];
        return endpoint;
    }

    private static RemoteAddress? ReadS3(string text, Uri? endpoint, string[] parts) => parts is not [var bucket, .. var path] ? null : new RemoteAddress
    {
        Kind = StoreKind.S3,
        Text = text,
        Url = S3 + endpoint + string.Join('/', parts),
        Endpoint = endpoint,
        Bucket = bucket,
        Prefix = PrefixOf(path),
    };

    private static RemoteAddress? ReadAzure(string text, Uri? endpoint, string[] parts)
    {
        if (parts is not [var account, var container, .. var path])
        {
            return null;
        }

        // An account may be given as the host that it is.
        if (account.EndsWith(AzureHost, StringComparison.OrdinalIgnoreCase))
        {
            account = account[..^AzureHost.Length];
        }

        if (endpoint is null && !AccountName().IsMatch(account))
        {
            return null;
        }

        return new RemoteAddress
        {
            Kind = StoreKind.Azure,
            Text = text,
            Url = Azure + endpoint + string.Join('/', [account, container, .. path]),
            Endpoint = endpoint,
            Account = account,
            Bucket = container,
            Prefix = PrefixOf(path),
        };
    }

    private static string PrefixOf(string[] path) => path.Length == 0 ? "" : string.Join('/', path) + "/";

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*://")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^(?<scheme>https?://)?(?<host>[0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\])(?<port>:[0-9]+)?(?=/|$)")]
    private static partial Regex Endpoint();

    [GeneratedRegex("^[a-z0-9]{3,24}$")]
    private static partial Regex AccountName();
}
