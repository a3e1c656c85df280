using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>Counts what only the message, or the body, showed to be more than the caller may.</summary>
internal static class RefusalCounting
{
    /// <summary>Counts a refusal, if it is one, and hands it on.</summary>
    public static InferenceError? Counted(this InferenceError? refusal, HttpContext context)
    {
        if (refusal is not null)
        {
            context.RequestServices?.GetService<AccessRefusals>()?.Count(refusal.Code);
        }

        return refusal;
    }
}
