using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.IO.Abstractions;
using InferenceServer.Host.Certificates;
using InferenceServer.Host.Following;
using InferenceServer.Host.Identities;
using InferenceServer.Host.Security;
using InferenceServer.Host.Tokens;

namespace InferenceServer.Host.Options;

/// <summary>Reads the options of access and encryption, and the files that they name: what is wrong with those is found before anything listens.</summary>
internal sealed class SecurityOptionsReader(OptionValues values, IFileSystem files, List<string> errors)
{
    public SecurityOptions Read()
    {
        var open = Given(SecurityOptionTable.PublicApi);
        foreach (var word in open.Where(static word => word is not ("health" or "metrics" or "none")))
        {
            Add(SecurityOptionTable.PublicApi, $"expected health, metrics or none, got '{word}'");
        }

        if (open.Contains("none") && open.Length > 1)
        {
            Add(SecurityOptionTable.PublicApi, "expected none alone, or others without it");
        }

        return new SecurityOptions
        {
            AccessFile = AccessFile(),
            Tokens = Tokens(),
            HealthIsPublic = open.Contains("health"),
            MetricsArePublic = open.Contains("metrics"),
            AllowsSettingChanges = values.Boolean(SecurityOptionTable.AllowSettingChanges),
            HttpTls = Tls(SecurityOptionTable.Http),
            GrpcTls = Tls(SecurityOptionTable.Grpc),
            MetricsTls = Tls(SecurityOptionTable.Metrics),
            Cors = Cors(),
        };
    }

    private string? AccessFile()
    {
        if (One(SecurityOptionTable.AccessFile) is not { } path)
        {
            return null;
        }

        var snapshot = FileSnapshot.Read(files, [path]);
        if (snapshot.Problem is { } unreadable)
        {
            Add(SecurityOptionTable.AccessFile, unreadable);
            return path;
        }

        AccessFileReader.Read(snapshot.Contents[0], out var problems);
        foreach (var problem in problems)
        {
            Add(SecurityOptionTable.AccessFile, problem);
        }

        return path;
    }

    private TokenOptions? Tokens()
    {
        if (One(SecurityOptionTable.JwtIssuer) is not { } issuer)
        {
            foreach (var option in new[] { SecurityOptionTable.JwtAudience, SecurityOptionTable.JwtKeysFile, SecurityOptionTable.JwtDiscoveryUrl }.Where(option => One(option) is not null))
            {
                Add(option, $"expected --{SecurityOptionTable.JwtIssuer.Flag} beside it");
            }

            return null;
        }

        var audiences = Given(SecurityOptionTable.JwtAudience);
        if (audiences.IsEmpty)
        {
            Add(SecurityOptionTable.JwtAudience, "expected whom tokens are for: without it, a token that was made for another service would be taken here");
        }

        ImmutableArray<string> algorithms = [.. Given(SecurityOptionTable.JwtAlgorithm).SelectMany(static text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        foreach (var wrong in algorithms.Where(static one => !TokenOptions.KnownAlgorithms.Contains(one)))
        {
            Add(SecurityOptionTable.JwtAlgorithm, $"expected one of {string.Join(", ", TokenOptions.KnownAlgorithms)}, got '{wrong}'");
        }

        var allowsHttp = values.Boolean(SecurityOptionTable.JwtAllowHttp);
        var keysFile = One(SecurityOptionTable.JwtKeysFile);
        return new TokenOptions
        {
            Issuer = issuer,
            Audiences = audiences,
            KeysFile = keysFile is not null && CheckKeys(keysFile) ? keysFile : null,
            Discovery = keysFile is null ? Discovery(issuer, allowsHttp) : null,
            AllowsHttp = allowsHttp,
            Algorithms = algorithms,
            ClockSkew = TimeSpan.FromSeconds(values.Number(SecurityOptionTable.JwtClockSkew)),
            ScopePrefix = One(SecurityOptionTable.JwtScopePrefix) ?? "",
            ModelsClaim = One(SecurityOptionTable.JwtModelsClaim) ?? "",
        };
    }

    private bool CheckKeys(string path)
    {
        if (One(SecurityOptionTable.JwtDiscoveryUrl) is not null)
        {
            Add(SecurityOptionTable.JwtDiscoveryUrl, $"expected this or --{SecurityOptionTable.JwtKeysFile.Flag}, got both");
        }

        var snapshot = FileSnapshot.Read(files, [path]);
        var problem = snapshot.Problem;
        if (problem is null && KeySetReader.TryRead(snapshot.Contents[0].AsSpan(), out _, out problem))
        {
            return true;
        }

        Add(SecurityOptionTable.JwtKeysFile, problem!);
        return false;
    }

    private Uri? Discovery(string issuer, bool allowsHttp)
    {
        var given = One(SecurityOptionTable.JwtDiscoveryUrl);
        var text = given ?? issuer.TrimEnd('/') + "/.well-known/openid-configuration";
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && DiscoveredKeys.IsAllowed(uri, allowsHttp))
        {
            return uri;
        }

        Add(given is null ? SecurityOptionTable.JwtIssuer : SecurityOptionTable.JwtDiscoveryUrl, $"expected an address with https to fetch keys from (or http, with --{SecurityOptionTable.JwtAllowHttp.Flag}), got '{text}'");
        return null;
    }

    private TlsOptions? Tls(TlsOptionGroup group)
    {
        var isUsed = values.Boolean(group.Use);
        var isMutual = values.Boolean(group.Mutual);
        if (!isUsed)
        {
            // A certificate that is not used would be a port in plain text that somebody takes for another.
            foreach (var option in group.All.Where(option => option != group.Use && (option == group.Mutual ? isMutual : One(option) is not null)))
            {
                Add(option, $"expected --{group.Use.Flag} beside it");
            }

            return null;
        }

        if (One(group.Certificate) is not { } certificate)
        {
            Add(group.Certificate, "expected the file of a certificate, got nothing");
            return null;
        }

        var roots = One(group.Roots);
        if (isMutual && roots is null)
        {
            Add(group.Roots, $"expected the certificates that those of clients come from, for --{group.Mutual.Flag}");
            return null;
        }

        if (!isMutual && roots is not null)
        {
            Add(group.Roots, $"expected --{group.Mutual.Flag} beside it");
        }

        var options = new TlsOptions(group.Name, certificate, One(group.Key), One(group.Password), isMutual ? roots : null);
        if (!CertificateReader.TryRead(options, FileSnapshot.Read(files, options.Paths), out _, out var problem))
        {
            Add(group.Certificate, problem);
            return null;
        }

        return options;
    }

    private CorsOptions? Cors()
    {
        var (origins, headers) = (Given(SecurityOptionTable.HttpCorsOrigin), Given(SecurityOptionTable.HttpCorsHeader));
        if (origins.IsEmpty)
        {
            if (!headers.IsEmpty)
            {
                Add(SecurityOptionTable.HttpCorsHeader, $"expected --{SecurityOptionTable.HttpCorsOrigin.Flag} beside it");
            }

            return null;
        }

        foreach (var origin in origins.Where(static origin => origin != "*" && !IsOrigin(origin)))
        {
            Add(SecurityOptionTable.HttpCorsOrigin, $"expected <scheme>://<host>[:<port>] or *, got '{origin}'");
        }

        return new CorsOptions(origins, headers);
    }

    private static bool IsOrigin([NotNullWhen(true)] string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);

    private string? One(OptionDefinition option) => values.Raw(option).Values[^1] is { Length: > 0 } text ? text : null;

    private ImmutableArray<string> Given(OptionDefinition option) => [.. values.Raw(option).Values.Where(static value => value.Length > 0)];

    private void Add(OptionDefinition option, string problem) => errors.Add($"{values.Raw(option).Source}: {problem}");
}
