using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.Tracing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// One route of the protocol: its pattern, its methods and what answers it. The router matches without regard to case and to a slash at
/// the end; the protocol does not, so that the path is compared once more here.
/// </summary>
/// <param name="pattern">The pattern.</param>
/// <param name="methods">The methods.</param>
/// <param name="handler">What answers it, given the model and the version that the path names; empty for none.</param>
/// <param name="endpoints">Where the endpoint is kept, if it is one that runs models.</param>
internal sealed class KServeRoute(string pattern, string[] methods, Func<HttpContext, string, string, Task> handler, InferenceEndpoints endpoints)
{
    private const string Model = "{model}";
    private const string Version = "{version}";

    private readonly string[] _segments = pattern.Split('/');

    public Task HandleAsync(HttpContext context)
    {
        if (!TryMatch(context.Request.Path.Value, out var model, out var version) || HasDotSegments(context) || version.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            return NotFoundAsync(context);
        }

        endpoints.Keep(pattern, context.GetEndpoint());

        if (!Array.Exists(methods, method => HttpMethods.Equals(context.Request.Method, method)))
        {
            context.Response.Headers.Allow = string.Join(", ", methods);
            return HttpErrorWriter.WriteAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
        }

        return AnswerAsync(context, model, version);
    }

    public static Task NotFoundAsync(HttpContext context) => HasDotSegments(context)
        ? HttpErrorWriter.WriteAsync(context, StatusCodes.Status400BadRequest, "the path must not contain the segments '.' and '..': no name in it may be one of them")
        : HttpErrorWriter.WriteAsync(context, StatusCodes.Status404NotFound, "Not Found");

    private async Task AnswerAsync(HttpContext context, string model, string version)
    {
        try
        {
            await handler(context, model, version);
        }
        catch (Exception exception) when (exception is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            // A fault of the server: its log says what happened, the client that it did.
            HttpLog.HandlerFailed(context.RequestServices.GetRequiredService<ILogger<KServeRoute>>(), exception, pattern, context.Features.Get<RequestRecord>()?.Name ?? RequestNames.Of(context), TraceParents.IdOf(context.Request.Headers));
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            await HttpErrorWriter.WriteAsync(context, StatusCodes.Status500InternalServerError, "the server failed unexpectedly; its log says how");
        }
    }

    /// <summary>
    /// True when the web server has taken segments such as <c>..</c> out of the path. They would mean one resource to whoever guards the
    /// server from in front and another here, and the protocol knows none.
    /// </summary>
    private static bool HasDotSegments(HttpContext context)
    {
        var target = (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").AsSpan();
        var query = target.IndexOf('?');
        return target is ['/', ..] && (query < 0 ? target : target[..query]).Count('/') != context.Request.Path.Value.AsSpan().Count('/');
    }

    /// <summary>Holds the path against the pattern, letter for letter.</summary>
    private bool TryMatch(ReadOnlySpan<char> path, out string model, out string version)
    {
        (model, version) = ("", "");
        var place = 0;
        foreach (var range in path.Split('/'))
        {
            if (place == _segments.Length)
            {
                return false;
            }

            var expected = _segments[place++];
            if (expected is not ['{', ..])
            {
                if (!path[range].SequenceEqual(expected))
                {
                    return false;
                }
            }
            else if (expected == Model)
            {
                model = path[range].ToString();
            }
            else if (expected == Version)
            {
                version = path[range].ToString();
            }
        }

        return place == _segments.Length;
    }
}
