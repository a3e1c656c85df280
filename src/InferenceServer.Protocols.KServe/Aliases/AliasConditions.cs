using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace InferenceServer.Protocols.KServe.Aliases;

/// <summary>Reads what a change depends on: <c>If-Match: "tag"</c>, and <c>If-None-Match: *</c> for a name that must be new (RFC 9110, section 13.1).</summary>
internal static class AliasConditions
{
    /// <summary>Reads both headers; one that is not understood must not be passed over, since the change would then be made unconditionally.</summary>
    public static bool TryRead(IHeaderDictionary headers, [NotNullWhen(true)] out AliasCondition? condition, [NotNullWhen(false)] out InferenceError? error)
    {
        condition = null;
        error = null;
        ImmutableArray<string>? tags = null;
        if (headers.IfMatch.Count > 0)
        {
            if (!EntityTagHeaderValue.TryParseStrictList(headers.IfMatch!, out var values))
            {
                error = AliasRequestErrors.Condition(HeaderNames.IfMatch, "tags in double quotes, or *");
                return false;
            }

            tags = [.. values.Where(static value => !value.IsWeak).Select(static value => value.Tag.ToString().Trim('"'))];
        }

        if (headers.IfNoneMatch.Count > 0 && headers.IfNoneMatch.ToString() != "*")
        {
            error = AliasRequestErrors.Condition(HeaderNames.IfNoneMatch, "*");
            return false;
        }

        condition = new AliasCondition { Tags = tags, MustBeNew = headers.IfNoneMatch.Count > 0 };
        return true;
    }
}
