using System.Globalization;
using System.Net.Sockets;
using Grpc.Core;
using InferenceServer.Bench.Http;

namespace InferenceServer.Bench.Failures;

/// <summary>Why a request has no good answer.</summary>
/// <param name="Kind">What is counted together: <c>HTTP 503</c>, <c>gRPC Unavailable</c>, <c>timeout</c>, <c>connection</c> and the like.</param>
/// <param name="Message">What this one says.</param>
internal sealed record RequestFailure(string Kind, string Message)
{
    public const string Timeout = "timeout";
    public const string NotSent = "not sent";
    public const string Differs = "answer differs";
    private const int ErrorTextChars = 300;

    /// <summary>The failure that an exception stands for; null for one that nobody foresees.</summary>
    public static RequestFailure? Of(Exception exception) => exception switch
    {
        RequestFailedException e => e.Failure,
        RpcException e => new RequestFailure($"gRPC {e.StatusCode}", Cut(e.Status.Detail)),
        BadResponseException e => new RequestFailure("bad response", Cut(e.Message)),
        SocketException or IOException or ObjectDisposedException => new RequestFailure("connection", Cut(exception.Message)),
        System.Security.Authentication.AuthenticationException e => new RequestFailure("TLS", Cut($"{e.Message} {e.InnerException?.Message}".TrimEnd())),
        _ => null,
    };

    public static RequestFailure OfStatus(int status, ReadOnlySpan<byte> body) =>
        new($"HTTP {status.ToString(CultureInfo.InvariantCulture)}", Cut(System.Text.Encoding.UTF8.GetString(body[..Math.Min(body.Length, ErrorTextChars)])));

    public override string ToString() => Message.Length == 0 ? Kind : $"{Kind}: {Message}";

    /// <summary>What comes from a server is printed, so control characters of a terminal are taken out.</summary>
    private static string Cut(string text) => string.Concat(text.Take(ErrorTextChars).Select(static c => char.IsControl(c) ? ' ' : c));
}
