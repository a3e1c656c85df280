using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Access;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Identities;

/// <summary>Reads the access file and collects everything that is wrong with it. A problem names its place and never what a hash says.</summary>
internal sealed class AccessFileReader
{
    /// <summary>The most callers.</summary>
    public const int MaxEntries = 10_000;

    private const int MaxProblems = 20;
    private static readonly string[] s_names = ["subject", "dns", "uri", "email"];
    private readonly List<string> _problems = [];

    private AccessFileReader()
    {
    }

    /// <summary>Reads it.</summary>
    /// <param name="content">The file, JSON.</param>
    /// <param name="problems">What is wrong, one sentence each; empty when the file can be used.</param>
    public static AccessFile Read(ReadOnlyMemory<byte> content, out IReadOnlyList<string> problems)
    {
        var reader = new AccessFileReader();
        problems = reader._problems;
        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 16 });
            return reader.ReadAll(document.RootElement);
        }
        catch (JsonException exception)
        {
            reader.Add(string.Create(CultureInfo.InvariantCulture, $"it is no JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}"));
            return AccessFile.Empty;
        }
    }

    private AccessFile ReadAll(JsonElement root)
    {
        if (!IsObject(root, "the file", AccessFileMembers.File))
        {
            return AccessFile.Empty;
        }

        var entries = ImmutableArray.CreateBuilder<AccessEntry>();
        ReadList(root, "keys", entries, ReadKey);
        ReadList(root, "certificates", entries, ReadCertificate);
        if (entries.Count > MaxEntries)
        {
            Add($"expected at most {MaxEntries} callers, got {entries.Count}");
        }

        foreach (var twice in entries.GroupBy(static entry => entry.Id, StringComparer.Ordinal).Where(static group => group.Count() > 1))
        {
            Add($"the id '{twice.Key}' is there {twice.Count()} times, expected once");
        }

        foreach (var twice in entries.Where(static entry => entry.Kind != ProofKind.Key).GroupBy(static entry => (entry.Kind, entry.Proof)).Where(static group => group.Count() > 1))
        {
            Add($"the certificates of {string.Join(" and ", twice.Select(static entry => $"'{entry.Id}'"))} have the same name, expected another for each");
        }

        var limits = CallerLimits.None;
        if (root.TryGetProperty("tokens", out var tokens) && IsObject(tokens, "tokens", AccessFileMembers.Tokens))
        {
            limits = ReadLimits(tokens, "tokens");
        }

        return new AccessFile(entries.ToImmutable(), limits);
    }

    private void ReadList(JsonElement root, string name, ImmutableArray<AccessEntry>.Builder entries, Func<JsonElement, string, AccessEntry?> read)
    {
        if (!root.TryGetProperty(name, out var list))
        {
            return;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            Add($"{name}: expected a list, got {Kind(list)}");
            return;
        }

        foreach (var (i, element) in list.EnumerateArray().Index())
        {
            if (read(element, $"{name}[{i}]") is { } entry)
            {
                entries.Add(entry);
            }
        }
    }

    private AccessEntry? ReadKey(JsonElement element, string place)
    {
        if (!IsObject(element, place, AccessFileMembers.Key))
        {
            return null;
        }

        var hash = ReadText(element, place, "hash");
        if (hash is not null && !ApiKey.IsHash(hash))
        {
            Add($"{place}.hash: expected '{ApiKey.HashPrefix}' and 64 hexadecimal digits, as new-key and hash-key print it");
            hash = null;
        }

        return Make(element, place, ProofKind.Key, hash?[ApiKey.HashPrefix.Length..]);
    }

    private AccessEntry? ReadCertificate(JsonElement element, string place)
    {
        if (!IsObject(element, place, AccessFileMembers.Certificate))
        {
            return null;
        }

        var given = s_names.Where(name => element.TryGetProperty(name, out _)).ToArray();
        if (given.Length != 1)
        {
            Add($"{place}: expected one of subject, dns, uri and email, got {(given.Length == 0 ? "none" : string.Join(" and ", given))}");
            return null;
        }

        var kind = given[0] switch { "subject" => ProofKind.Subject, "dns" => ProofKind.Dns, "uri" => ProofKind.Uri, _ => ProofKind.Email };
        return Make(element, place, kind, ReadText(element, place, given[0]));
    }

    private AccessEntry? Make(JsonElement element, string place, ProofKind kind, string? proof)
    {
        var id = ReadText(element, place, "id");
        if (id is not null && !ApiKey.IsId(id))
        {
            Add($"{place}.id: expected 1 to {ApiKey.MaxIdLength} letters, digits, '-' or '_', got '{AuditText.Of(id)}'");
            id = null;
        }

        var grants = ReadGrants(element, place);
        var limits = ReadLimits(element, place);
        var expires = ReadTime(element, place);
        return id is null || proof is null ? null : new AccessEntry(id, kind, proof, grants, limits, expires);
    }

    private ImmutableArray<AccessGrant> ReadGrants(JsonElement element, string place)
    {
        if (!element.TryGetProperty("grants", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            Add($"{place}.grants: expected a list of rights such as {{\"scopes\": [\"inference\"], \"models\": [\"*\"]}}");
            return [];
        }

        var grants = ImmutableArray.CreateBuilder<AccessGrant>();
        foreach (var (i, one) in list.EnumerateArray().Index())
        {
            var here = $"{place}.grants[{i}]";
            if (!IsObject(one, here, AccessFileMembers.Grant))
            {
                continue;
            }

            var scopes = AccessScopes.None;
            foreach (var name in ReadTexts(one, here, "scopes") ?? [])
            {
                if (AccessScopeNames.ByName.TryGetValue(name, out var scope))
                {
                    scopes |= scope;
                }
                else
                {
                    Add($"{here}.scopes: expected {string.Join(", ", AccessScopeNames.ByName.Keys)}, got '{AuditText.Of(name)}'");
                }
            }

            // Left out, it would be for every model by accident.
            grants.Add(new AccessGrant(scopes, new ModelPatterns(ReadTexts(one, here, "models") ?? [])));
        }

        return grants.ToImmutable();
    }

    private CallerLimits ReadLimits(JsonElement element, string place)
    {
        if (!element.TryGetProperty("limits", out var limits) || !IsObject(limits, place + ".limits", AccessFileMembers.Limits))
        {
            return CallerLimits.None;
        }

        var here = place + ".limits";
        var rate = ReadNumber(limits, here, "requests_per_second", AccessFileMembers.LeastRate, AccessFileMembers.Most);
        var burst = ReadNumber(limits, here, "burst", 1, AccessFileMembers.Most);
        if (burst is not null && rate is null)
        {
            Add($"{here}.burst: there is no burst without requests_per_second");
        }

        return new CallerLimits(rate, (int)(burst ?? Math.Max(1, Math.Ceiling(rate ?? 1))), (int?)ReadNumber(limits, here, "concurrent_requests", 1, AccessFileMembers.Most));
    }

    private double? ReadNumber(JsonElement element, string place, string name, double least, double most)
    {
        if (!element.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most)
        {
            return number;
        }

        Add(FormattableString.Invariant($"{place}.{name}: expected a number from {least} to {most}, got {(value.ValueKind == JsonValueKind.Number ? AuditText.Of(value.GetRawText()) : Kind(value))}"));
        return null;
    }

    private DateTimeOffset? ReadTime(JsonElement element, string place)
    {
        if (!element.TryGetProperty("expires", out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var time))
        {
            return time;
        }

        Add($"{place}.expires: expected a time such as \"2030-01-31T00:00:00Z\"");
        return DateTimeOffset.MinValue;
    }

    private string? ReadText(JsonElement element, string place, string name)
    {
        if (element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= 1024 } text)
        {
            return text;
        }

        Add($"{place}.{name}: expected a text of 1 to 1024 characters");
        return null;
    }

    private List<string>? ReadTexts(JsonElement element, string place, string name)
    {
        if (element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() is > 0 and <= 10_000
            && list.EnumerateArray().All(static one => one.ValueKind == JsonValueKind.String && one.GetString() is { Length: > 0 and <= 1024 }))
        {
            return [.. list.EnumerateArray().Select(static one => one.GetString()!)];
        }

        Add($"{place}.{name}: expected a list of texts that is not empty");
        return null;
    }

    private bool IsObject(JsonElement element, string place, ImmutableArray<SettingDescription> allowed)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            Add($"{place}: expected an object, got {Kind(element)}");
            return false;
        }

        string[] members = [.. allowed.Select(static one => one.Name)];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            if (!members.Contains(member.Name, StringComparer.Ordinal))
            {
                var near = Nearest.Of(member.Name, members);
                Add($"{place}: unknown member '{AuditText.Of(member.Name)}'{(near is null ? $", expected {string.Join(", ", members)}" : $"; did you mean '{near}'?")}");
            }
            else if (!seen.Add(member.Name))
            {
                Add($"{place}: the member '{member.Name}' is there twice");
            }
        }

        return true;
    }

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private void Add(string problem)
    {
        if (_problems.Count < MaxProblems)
        {
            _problems.Add(problem);
        }
    }
}
