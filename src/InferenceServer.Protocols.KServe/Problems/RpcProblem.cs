using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Logging;

namespace InferenceServer.Protocols.KServe.Problems;

/// <summary>
/// What gRPC's rich error model (<c>google.rpc.Status</c> in a trailer) says of an error for machines: reason, subject, expected, got; the
/// field that is wrong; when to come again; the request's id.
/// </summary>
internal static class RpcProblem
{
    /// <summary>The trailer. Its value is bytes, which travel as base64.</summary>
    public const string TrailerName = "grpc-status-details-bin";

    /// <summary>
    /// The most bytes that the message and the details may take as trailers. Clients drop a whole answer whose trailers exceed 8 KiB; what is
    /// missing to that is for the names, and for what the web server and proxies add.
    /// </summary>
    public const int MaxTrailerBytes = 7424;

    /// <summary>The most characters of one value among the details.</summary>
    private const int MaxValue = 256;

    /// <summary>The trailers of a failed call; empty when there is no room for them beside the message.</summary>
    /// <param name="error">The error.</param>
    /// <param name="code">The call's status.</param>
    /// <param name="message">The call's message, already cut.</param>
    /// <param name="requestId">What the client calls its request; empty when that is not known.</param>
    public static Metadata TrailersOf(InferenceError error, StatusCode code, string message, string requestId)
    {
        var trailers = new Metadata();
        var details = DetailsOf(error, code, message, requestId);
        if (TrailerLength(details.CalculateSize()) + TrailerLength(message) <= MaxTrailerBytes)
        {
            trailers.Add(TrailerName, details.ToByteArray());
        }

        return trailers;
    }

    /// <summary>The details as the text of the trailer, for an answer that is written without gRPC's own library.</summary>
    public static string Encode(InferenceError error, StatusCode code, string message) =>
        Convert.ToBase64String(DetailsOf(error, code, message, "").ToByteArray()).TrimEnd('=');

    private static Google.Rpc.Status DetailsOf(InferenceError error, StatusCode code, string message, string requestId)
    {
        var info = new ErrorInfo { Reason = ProblemNames.CodeOf(error.Code).ToUpperInvariant(), Domain = ProblemNames.Domain };
        Add(info, "subject", error.Subject);
        Add(info, "expected", error.Expected);
        Add(info, "got", error.Actual);

        // Some clients take the message from here and not from the status.
        var status = new Google.Rpc.Status { Code = (int)code, Message = message, Details = { Any.Pack(info) } };
        if (error is { Code: ErrorCode.InvalidArgument, Subject: { } subject })
        {
            var violation = new BadRequest.Types.FieldViolation { Field = Clip(subject), Description = Describe(error) };
            status.Details.Add(Any.Pack(new BadRequest { FieldViolations = { violation } }));
        }

        if (error.IsRetryable)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = new Duration { Seconds = ProblemNames.RetryAfter(error) } }));
        }

        if (requestId.Length > 0)
        {
            status.Details.Add(Any.Pack(new RequestInfo { RequestId = Clip(requestId) }));
        }

        return status;
    }

    private static string Describe(InferenceError error) => (error.Expected, error.Actual) switch
    {
        ({ } expected, { } actual) => $"expected {Clip(expected)}, got {Clip(actual)}",
        ({ } expected, null) => $"expected {Clip(expected)}",
        (null, { } actual) => $"got {Clip(actual)}",
        _ => Clip(error.Message),
    };

    private static void Add(ErrorInfo info, string name, string? value)
    {
        if (value is not null)
        {
            info.Metadata.Add(name, Clip(value));
        }
    }

    private static string Clip(string text) => ClippedText.Of(text, MaxValue);

    private static int TrailerLength(int bytes) => (bytes + 2) / 3 * 4;

    /// <summary>Outside of printable ASCII, and for a percent sign, each byte is written as three.</summary>
    private static int TrailerLength(string message)
    {
        var length = 0;
        foreach (var rune in message.EnumerateRunes())
        {
            length += rune.Value is >= 0x20 and < 0x7F and not '%' ? 1 : 3 * rune.Utf8SequenceLength;
        }

        return length;
    }
}
