using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>What an operator has restricted on one listener. Decides by the endpoint alone, whatever its protocol.</summary>
public sealed class ApiRestrictions
{
    private readonly ImmutableDictionary<ApiCategory, ApiRestriction> _restrictions;

    private ApiRestrictions(ImmutableDictionary<ApiCategory, ApiRestriction> restrictions) => _restrictions = restrictions;

    /// <summary>Everything is open.</summary>
    public static ApiRestrictions None { get; } = new(ImmutableDictionary<ApiCategory, ApiRestriction>.Empty);

    /// <summary>True when nothing is restricted.</summary>
    public bool IsEmpty => _restrictions.IsEmpty;

    /// <summary>True when a category asks for a header.</summary>
    /// <param name="category">Its name, as options have it.</param>
    public bool Restricts(string category) => ApiCategories.ByName.TryGetValue(category, out var found) && _restrictions.ContainsKey(found);

    /// <summary>Reads groups of the form <c>category[,category]:header=value</c>.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="headerPrefix">What stands in front of every header's name on the wire.</param>
    /// <param name="problems">Everything that is wrong, one sentence each, without any value of a header.</param>
    public static ApiRestrictions Parse(IEnumerable<string> groups, string headerPrefix, ICollection<string> problems)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(problems);
        var restrictions = ImmutableDictionary.CreateBuilder<ApiCategory, ApiRestriction>();
        foreach (var group in groups)
        {
            var colon = group.IndexOf(':', StringComparison.Ordinal);
            var equals = group.IndexOf('=', colon + 1);
            if (colon <= 0 || equals <= colon + 1 || equals + 1 == group.Length || !group[(colon + 1)..equals].All(IsTokenCharacter))
            {
                // What is not understood may have the secret anywhere, so that none of it is shown.
                problems.Add("expected <category>[,<category>]:<header>=<value>, got something else");
                continue;
            }

            var restriction = new ApiRestriction(headerPrefix + group[(colon + 1)..equals], group[(equals + 1)..]);
            foreach (var name in group[..colon].Split(',', StringSplitOptions.TrimEntries))
            {
                if (!ApiCategories.ByName.TryGetValue(name, out var category))
                {
                    problems.Add($"expected a category ({string.Join(", ", ApiCategories.ByName.Keys)}), got '{name}'");
                }
                else if (!restrictions.TryAdd(category, restriction))
                {
                    problems.Add($"the category '{name}' is restricted twice, expected once");
                }
            }
        }

        return restrictions.Count == 0 ? None : new ApiRestrictions(restrictions.ToImmutable());
    }

    /// <summary>Decides on a request. A path without an endpoint is nobody's secret; an endpoint without a category is refused.</summary>
    /// <param name="endpoint">The endpoint that would answer.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="expected">The header that would have to be there; null when there is none that opens this endpoint.</param>
    /// <returns>True when the endpoint may answer.</returns>
    public bool IsAllowed(Endpoint? endpoint, IHeaderDictionary headers, out string? expected)
    {
        ArgumentNullException.ThrowIfNull(headers);
        expected = null;
        if (IsEmpty || endpoint is null)
        {
            return true;
        }

        if (endpoint.Metadata.GetMetadata<ApiCategoryMetadata>() is not { } metadata)
        {
            return false;
        }

        if (metadata.Category is not { } category || !_restrictions.TryGetValue(category, out var restriction))
        {
            return true;
        }

        expected = restriction.Header;
        return restriction.Allows(headers[restriction.Header]);
    }

    // RFC 9110, section 5.6.2.
    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);
}
