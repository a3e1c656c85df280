using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Access;

namespace InferenceServer.Host.Identities;

/// <summary>What the objects of the access file may have. A member of another name is a mistake.</summary>
internal static class AccessFileMembers
{
    /// <summary>The smallest rate: one request in a quarter of an hour.</summary>
    public const double LeastRate = 0.001;

    /// <summary>The largest of all limits.</summary>
    public const double Most = 1_000_000;

    private static readonly SettingDescription s_id = new("id", $"1 to {ApiKey.MaxIdLength} letters, digits, '-' or '_'", "", "Who it is, in the log and in the metrics of limits. No two callers have one.");
    private static readonly SettingDescription s_grants = new("grants", "list of rights, at least one", "", "What the caller may do.");
    private static readonly SettingDescription s_limits = new("limits", "object", "no limits", "How much the caller may ask.");
    private static readonly SettingDescription s_expires = new("expires", "time, such as \"2030-01-31T00:00:00Z\"", "never", "From when on the caller is not known any more.");
    private static readonly string s_most = Most.ToString(CultureInfo.InvariantCulture);

    /// <summary>The file itself.</summary>
    public static ImmutableArray<SettingDescription> File { get; } =
    [
        new("keys", "list", "none", "Callers with API keys."),
        new("certificates", "list", "none", "Callers with certificates, where a port asks for them."),
        new("tokens", "object", "no limits", "What holds for all callers with tokens."),
    ];

    /// <summary>An entry of <c>keys</c>.</summary>
    public static ImmutableArray<SettingDescription> Key { get; } = [s_id, new("hash", $"{ApiKey.HashPrefix} and 64 hexadecimal digits", "", "The hash of the key, as new-key and hash-key print it."), s_grants, s_limits, s_expires];

    /// <summary>An entry of <c>certificates</c>.</summary>
    public static ImmutableArray<SettingDescription> Certificate { get; } =
    [
        s_id,
        new("subject", "text", "one of the four must be given", "The whole subject of the certificate."),
        new("dns", "text", "one of the four must be given", "A DNS name among its alternative names."),
        new("uri", "text", "one of the four must be given", "A URI among them, such as a SPIFFE id."),
        new("email", "text", "one of the four must be given", "An address among them."),
        s_grants, s_limits, s_expires,
    ];

    /// <summary>The member <c>tokens</c>.</summary>
    public static ImmutableArray<SettingDescription> Tokens { get; } = [s_limits with { Help = "How much the callers with tokens may ask, each for himself." }];

    /// <summary>An entry of <c>grants</c>.</summary>
    public static ImmutableArray<SettingDescription> Grant { get; } =
    [
        new("scopes", $"list of {string.Join(", ", AccessScopeNames.ByName.Keys)}", "", "Which parts of the protocols the right is for."),
        new("models", "list of patterns, * for any letters", "", "Which models it is for."),
    ];

    /// <summary>The member <c>limits</c>.</summary>
    public static ImmutableArray<SettingDescription> Limits { get; } =
    [
        new("requests_per_second", string.Create(CultureInfo.InvariantCulture, $"number, {LeastRate} to {s_most}"), "no limit", "How many requests are let through in a second, in the long run."),
        new("burst", $"number, 1 to {s_most}", "requests_per_second", "How many may come at once; only with requests_per_second."),
        new("concurrent_requests", $"number, 1 to {s_most}", "no limit", "How many may be in flight."),
    ];
}
