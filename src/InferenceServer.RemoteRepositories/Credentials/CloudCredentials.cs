using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.RemoteRepositories.Addresses;

namespace InferenceServer.RemoteRepositories.Credentials;

/// <summary>
/// Credentials for object stores, as Triton takes them: from the file that <c>TRITON_CLOUD_CREDENTIAL_PATH</c> names, by the longest beginning of the repository's address, or else from the environment.
/// No message ever repeats a value.
/// </summary>
public sealed class CloudCredentials
{
    /// <summary>The variable that names a file of credentials.</summary>
    public const string FileVariable = "TRITON_CLOUD_CREDENTIAL_PATH";

    private const int MaxFileBytes = 1 << 20;

    private static readonly string[] s_s3Members = ["secret_key", "key_id", "region", "session_token", "profile"];
    private static readonly string[] s_azureMembers = ["account_str", "account_key"];

    private ImmutableArray<(string Start, S3Credential Credential)> _s3 = [];
    private ImmutableArray<(string Start, AzureCredential Credential)> _azure = [];

    private CloudCredentials()
    {
    }

    /// <summary>Reads what there is.</summary>
    /// <param name="environment">The value of a variable; null when it is not set.</param>
    /// <param name="readFile">Reads a file.</param>
    /// <param name="problems">Receives what is wrong, one sentence each.</param>
    public static CloudCredentials Read(Func<string, string?> environment, Func<string, byte[]> readFile, ICollection<string> problems)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(readFile);
        ArgumentNullException.ThrowIfNull(problems);
        var credentials = new CloudCredentials();
        if (Get(environment, FileVariable) is not { } path)
        {
            credentials.ReadEnvironment(environment, problems);
            return credentials;
        }

        try
        {
            var content = readFile(path);
            if (content.Length > MaxFileBytes)
            {
                problems.Add($"{FileVariable}: the file has {content.Length} bytes, expected at most {MaxFileBytes}");
                return credentials;
            }

            using var document = JsonDocument.Parse(content);
            credentials.ReadDocument(document.RootElement, problems);
        }
        catch (JsonException exception)
        {
            problems.Add($"{FileVariable}: expected a JSON object, got something else at line {exception.LineNumber + 1}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{FileVariable}: the file cannot be read ({exception.GetType().Name})");
        }

        return credentials;
    }

    /// <summary>What is wrong with the credentials for an address; null when nothing is.</summary>
    public string? FindProblem(RemoteAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.Kind == StoreKind.S3)
        {
            return FindS3(address) is null ? $"{FileVariable}: no entry of 's3' is the beginning of '{address.Text}'; one with the empty name holds for all" : null;
        }

        return FindAzure(address) is not { } credential ? $"{FileVariable}: no entry of 'as' is the beginning of '{address.Text}'; one with the empty name holds for all"
            : credential.Key is { } key && !Convert.TryFromBase64String(key, new byte[key.Length], out _) ? $"the key of the storage account for '{address.Text}' is not base64"
            : null;
    }

    /// <summary>The credential for an address; null for none.</summary>
    internal S3Credential? FindS3(RemoteAddress address) => Find(_s3, address);

    /// <summary>The credential for an address; null for none.</summary>
    internal AzureCredential? FindAzure(RemoteAddress address) => Find(_azure, address);

    private static T? Find<T>(ImmutableArray<(string Start, T Credential)> candidates, RemoteAddress address)
        where T : class =>
        candidates.Where(one => address.Text.StartsWith(one.Start, StringComparison.Ordinal)).OrderByDescending(static one => one.Start.Length).Select(static one => one.Credential).FirstOrDefault();

    private static string? Get(Func<string, string?> environment, string name) => environment(name) is { Length: > 0 } value ? value : null;

    private void ReadEnvironment(Func<string, string?> environment, ICollection<string> problems)
    {
        var key = Get(environment, "AWS_ACCESS_KEY_ID");
        var secret = Get(environment, "AWS_SECRET_ACCESS_KEY");
        var hasBoth = key is not null && secret is not null;
        _s3 =
        [
            ("", new S3Credential
            {
                KeyId = hasBoth ? key : null,
                SecretKey = hasBoth ? secret : null,
                SessionToken = hasBoth ? Get(environment, "AWS_SESSION_TOKEN") : null,
                Region = Get(environment, "AWS_DEFAULT_REGION") ?? Get(environment, "AWS_REGION"),
                Profile = hasBoth ? null : Get(environment, "AWS_PROFILE"),
            }),
        ];
        if (Get(environment, "AZURE_STORAGE_AUTH_TYPE") is { } type && type != "key")
        {
            problems.Add("AZURE_STORAGE_AUTH_TYPE: managed identities and the default chain are not supported, expected key");
        }

        _azure = [("", new AzureCredential { Account = Get(environment, "AZURE_STORAGE_ACCOUNT"), Key = Get(environment, "AZURE_STORAGE_KEY") })];
    }

    private void ReadDocument(JsonElement root, ICollection<string> problems)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{FileVariable}: expected a JSON object, got {root.ValueKind}");
            return;
        }

        foreach (var store in root.EnumerateObject())
        {
            switch (store.Name)
            {
                case "s3":
                    _s3 = [.. Entries(store, s_s3Members, problems).Select(static entry => (entry.Start, new S3Credential
                    {
                        KeyId = entry.Values.GetValueOrDefault("key_id"),
                        SecretKey = entry.Values.GetValueOrDefault("secret_key"),
                        SessionToken = entry.Values.GetValueOrDefault("session_token"),
                        Region = entry.Values.GetValueOrDefault("region"),
                        Profile = entry.Values.GetValueOrDefault("profile"),
                    }))];
                    break;
                case "as":
                    _azure = [.. Entries(store, s_azureMembers, problems).Select(static entry => (entry.Start, new AzureCredential
                    {
                        Account = entry.Values.GetValueOrDefault("account_str"),
                        Key = entry.Values.GetValueOrDefault("account_key"),
                    }))];
                    break;
                case "gs":
                    // A file may serve several servers; a repository that would need this is refused by its address.
                    break;
                default:
                    problems.Add($"{FileVariable}: unknown store '{store.Name}', expected s3, as or gs");
                    break;
            }
        }
    }

    private static IEnumerable<(string Start, Dictionary<string, string> Values)> Entries(JsonProperty store, string[] members, ICollection<string> problems)
    {
        if (store.Value.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{FileVariable}: expected an object under '{store.Name}', got {store.Value.ValueKind}");
            yield break;
        }

        foreach (var entry in store.Value.EnumerateObject())
        {
            var place = $"{FileVariable}: '{store.Name}' / '{entry.Name}'";
            if (entry.Value.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"{place}: expected an object, got {entry.Value.ValueKind}");
                continue;
            }

            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var member in entry.Value.EnumerateObject())
            {
                if (!members.Contains(member.Name, StringComparer.Ordinal))
                {
                    problems.Add($"{place}: unknown member '{member.Name}', expected {string.Join(", ", members)}");
                }
                else if (member.Value.ValueKind != JsonValueKind.String)
                {
                    problems.Add($"{place}: expected a text for '{member.Name}', got {member.Value.ValueKind}");
                }
                else if (member.Value.GetString() is { Length: > 0 } value)
                {
                    values[member.Name] = value;
                }
            }

            if (values.ContainsKey("key_id") != values.ContainsKey("secret_key"))
            {
                problems.Add($"{place}: expected both of 'key_id' and 'secret_key', or none");
            }

            yield return (entry.Name, values);
        }
    }
}
