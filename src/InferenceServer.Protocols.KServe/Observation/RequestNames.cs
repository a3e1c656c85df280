using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Observation;

/// <summary>What a request is called in the log by what carries it: the <c>x-request-id</c> of its caller, or else what the web server calls it.</summary>
internal static class RequestNames
{
    public const string Header = "x-request-id";

    /// <summary>The longest id of a caller that is taken over.</summary>
    private const int MaxLength = 128;

    /// <summary>The name of an exchange.</summary>
    public static string Of(HttpContext context) => Given(context) ?? context.TraceIdentifier;

    /// <summary>The id that came in a header; null when none came, or one that is no name: too long, or with other letters than those that are printed.</summary>
    public static string? Given(HttpContext context) =>
        context.Request.Headers.TryGetValue(Header, out var value) && value is [{ Length: > 0 and <= MaxLength } id] && !id.AsSpan().ContainsAnyExceptInRange('!', '~') ? id : null;

    /// <summary>Tells the client what its request is called, so that it can be asked for: where it said so itself, and where it went wrong.</summary>
    public static void Tell(HttpContext context, bool hasFailed)
    {
        if ((hasFailed ? Of(context) : Given(context)) is { } name && !context.Response.HasStarted)
        {
            context.Response.Headers[Header] = new StringValues(name);
        }
    }
}
