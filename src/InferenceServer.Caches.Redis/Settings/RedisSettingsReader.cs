using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Caches.Redis.Settings;

/// <summary>Reads the settings of <c>--cache-config=redis,&lt;key&gt;=&lt;value&gt;</c>, under the keys that they have in Triton.</summary>
/// <param name="files">The file system, for certificates.</param>
/// <param name="environment">The environment, for what is better not written on a command line.</param>
/// <param name="problems">Receives what is wrong, half a sentence each, without secrets.</param>
public sealed class RedisSettingsReader(IFileSystem files, Func<string, string?> environment, ICollection<string> problems)
{
    /// <summary>The variable that names the user where no setting does.</summary>
    public const string UserVariable = "TRITONCACHE_REDIS_USERNAME";

    /// <summary>The variable that holds the password where no setting does.</summary>
    public const string PasswordVariable = "TRITONCACHE_REDIS_PASSWORD";

    private const int MaxMilliseconds = 3_600_000;
    private const int MaxConnections = 64;

    private const int DefaultPort = 6379;
    private const int DefaultConnectMilliseconds = 5000;
    private const int DefaultSocketMilliseconds = 500;

    private static readonly string[] s_tlsKeys = ["cert", "key", "cacert", "cacert_dir", "sni"];

    /// <summary>Every setting that is known.</summary>
    public static ImmutableArray<SettingDescription> Settings { get; } =
    [
        new("host", "name or address", "", "Where the Redis is."),
        new("port", "number, 1 to 65535", Text(DefaultPort), "Its port."),
        new("user", "text", UserVariable, "Who the server is there; the variable of the environment where it is not given."),
        new("password", "text", PasswordVariable, "The password; the variable keeps it off the command line."),
        new("db", "number, 0 or more", "0", "The database."),
        new("connect_timeout", $"milliseconds, 1 to {Text(MaxMilliseconds)}", Text(DefaultConnectMilliseconds), "How long a connection may take to be made."),
        new("socket_timeout", $"milliseconds, 1 to {Text(MaxMilliseconds)}", Text(DefaultSocketMilliseconds), "How long a request waits for the Redis before it goes on without."),
        new("pool_size", $"number, 1 to {Text(MaxConnections)}", "1", "How many connections there are, which requests share."),
        new("wait_timeout", "nothing", "left out", "Refused: no request waits for a connection."),
        new("tls_enabled", "true or false", "false", "Whether the connections are encrypted."),
        new("cert", "PEM file", "none", "The server's own certificate for the Redis, with key; with tls_enabled=true, as all that follow."),
        new("key", "PEM file", "none", "The key of that certificate."),
        new("cacert", "PEM file", "those of the system", "The authorities that the certificate of the Redis may come from."),
        new("cacert_dir", "folder", "none", "The same, from the files in it that end in .pem or .crt."),
        new("sni", "name", "host", "The name that the certificate of the Redis must have."),
    ];

    /// <summary>Reads the settings; what cannot be read has its default.</summary>
    public RedisSettings Read(IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.GetValueOrDefault("host", "").Length == 0)
        {
            problems.Add("redis expects a host");
        }

        if (settings.ContainsKey("wait_timeout"))
        {
            problems.Add("wait_timeout cannot be honoured: many requests share a connection and none waits for one; leave it out");
        }

        var usesTls = Boolean(settings, "tls_enabled");
        foreach (var key in s_tlsKeys.Where(key => !usesTls && settings.ContainsKey(key)))
        {
            problems.Add($"{key} has no effect without tls_enabled=true");
        }

        return new RedisSettings
        {
            Host = settings.GetValueOrDefault("host", ""),
            Port = Number(settings, "port", DefaultPort, 1, 65535),
            User = Text(settings, "user") ?? NullIfEmpty(environment(UserVariable)),
            Password = Text(settings, "password") ?? NullIfEmpty(environment(PasswordVariable)),
            Database = Number(settings, "db", 0, 0, int.MaxValue),
            ConnectTimeout = TimeSpan.FromMilliseconds(Number(settings, "connect_timeout", DefaultConnectMilliseconds, 1, MaxMilliseconds)),
            SocketTimeout = TimeSpan.FromMilliseconds(Number(settings, "socket_timeout", DefaultSocketMilliseconds, 1, MaxMilliseconds)),
            Connections = Number(settings, "pool_size", 1, 1, MaxConnections),
            UsesTls = usesTls,
            Certificate = usesTls ? ReadCertificate(settings) : null,
            Authorities = usesTls ? ReadAuthorities(settings) : null,
            ServerName = Text(settings, "sni"),
        };
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Text(IReadOnlyDictionary<string, string> settings, string key) => NullIfEmpty(settings.GetValueOrDefault(key));

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private bool Boolean(IReadOnlyDictionary<string, string> settings, string key)
    {
        switch (settings.GetValueOrDefault(key, "false").ToUpperInvariant())
        {
            case "TRUE" or "ON" or "1":
                return true;
            case "FALSE" or "OFF" or "0":
                return false;
            default:
                problems.Add($"{key} expects true or false, got '{settings[key]}'");
                return false;
        }
    }

    private int Number(IReadOnlyDictionary<string, string> settings, string key, int otherwise, int least, int most)
    {
        if (!settings.TryGetValue(key, out var text))
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        var why = key.EndsWith("_timeout", StringComparison.Ordinal) && text == "0" ? ", since no request waits for ever for a cache" : "";
        problems.Add(string.Create(CultureInfo.InvariantCulture, $"{key} expects a whole number from {least} to {most}{why}, got '{text}'"));
        return otherwise;
    }

    private X509Certificate2? ReadCertificate(IReadOnlyDictionary<string, string> settings)
    {
        var (certificate, key) = (Text(settings, "cert"), Text(settings, "key"));
        if (certificate is null && key is null)
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            problems.Add("cert and key are of use together only");
            return null;
        }

        try
        {
            return X509Certificate2.CreateFromPem(files.File.ReadAllText(certificate), files.File.ReadAllText(key));
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            problems.Add($"cert and key expect PEM files of a certificate and its key, '{certificate}' and '{key}' cannot be read as such");
            return null;
        }
    }

    private X509Certificate2Collection? ReadAuthorities(IReadOnlyDictionary<string, string> settings)
    {
        var (file, folder) = (Text(settings, "cacert"), Text(settings, "cacert_dir"));
        if (file is null && folder is null)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        if (file is not null)
        {
            ReadAuthority("cacert", file, authorities);
        }

        if (folder is not null)
        {
            if (!files.Directory.Exists(folder))
            {
                problems.Add($"cacert_dir expects a folder, '{folder}' is none");
            }

            string[] paths = files.Directory.Exists(folder) ? files.Directory.GetFiles(folder) : [];
            foreach (var path in paths.Where(static path => path.EndsWith(".pem", StringComparison.Ordinal) || path.EndsWith(".crt", StringComparison.Ordinal)))
            {
                ReadAuthority("cacert_dir", path, authorities);
            }
        }

        if (authorities.Count == 0 && problems.Count == 0)
        {
            problems.Add("cacert and cacert_dir hold no certificate: PEM is expected, in a folder in files ending in .pem or .crt");
        }

        return authorities;
    }

    private void ReadAuthority(string key, string path, X509Certificate2Collection authorities)
    {
        try
        {
            authorities.ImportFromPem(files.File.ReadAllText(path));
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            problems.Add($"{key} expects certificates in PEM, '{path}' cannot be read as such");
        }
    }

    private static bool IsUnreadable(Exception exception) => exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;
}
