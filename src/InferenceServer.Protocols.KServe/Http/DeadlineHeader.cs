using System.Globalization;
using InferenceServer.Abstractions.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// How long a client waits, as a header says it: ours, or the one by which Envoy, and so Istio, tells what is behind it. The shorter one counts where both come.
/// gRPC has <c>grpc-timeout</c> for it.
/// </summary>
internal static class DeadlineHeader
{
    public const string Name = "x-request-timeout-ms";
    public const string EnvoyName = "x-envoy-expected-rq-timeout-ms";

    /// <summary>Reads the headers.</summary>
    /// <param name="headers">The request's.</param>
    /// <param name="timeout">How long the client waits; null for as long as it takes.</param>
    /// <returns>What is wrong with them; null for nothing.</returns>
    public static InferenceError? Read(IHeaderDictionary headers, out TimeSpan? timeout)
    {
        timeout = null;
        return Read(headers, Name, ref timeout) ?? Read(headers, EnvoyName, ref timeout);
    }

    private static InferenceError? Read(IHeaderDictionary headers, string name, ref TimeSpan? timeout)
    {
        if (!headers.TryGetValue(name, out StringValues values))
        {
            return null;
        }

        if (!int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) || milliseconds == 0)
        {
            return RequestErrors.Timeout(name, values.ToString());
        }

        var given = TimeSpan.FromMilliseconds(milliseconds);
        timeout = timeout < given ? timeout : given;
        return null;
    }
}
