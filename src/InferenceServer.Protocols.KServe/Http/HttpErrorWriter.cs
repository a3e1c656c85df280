using System.Buffers;
using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Logging;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Answers with an error: <c>{"error": text}</c> and nothing else, as the protocol has it. A client that asks for
/// <c>application/problem+json</c> also gets the members of RFC 9457 and what the text says for machines (code, subject, expected, got), where
/// there is something to say.
/// </summary>
internal static class HttpErrorWriter
{
    /// <summary>A text may quote what a client sent; beyond this many characters it is cut.</summary>
    private const int MaxText = 4096;

    /// <summary>A longer path is left out: a part of it would name something else.</summary>
    private const int MaxInstance = 2048;

    public static Task WriteAsync(HttpContext context, InferenceError error, string requestId = "") =>
        WriteAsync(context, error, HttpErrorMapping.ToStatus(error), requestId);

    /// <param name="context">The exchange.</param>
    /// <param name="error">The error.</param>
    /// <param name="status">The status, where it is not that of the error's code.</param>
    /// <param name="requestId">What the client calls its request; empty when that is not known.</param>
    public static Task WriteAsync(HttpContext context, InferenceError error, int status, string requestId = "")
    {
        AddRetryAfter(context, error, status);
        return SendAsync(context, status, error.Message, error, requestId);
    }

    /// <summary>Answers with a text that stands for the status itself, such as Not Found.</summary>
    public static Task WriteAsync(HttpContext context, int status, string message) => SendAsync(context, status, message, null, "");

    /// <summary>Says when to come again, where that is worth it.</summary>
    public static void AddRetryAfter(HttpContext context, InferenceError error, int status)
    {
        if (error.IsRetryable && status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            context.Response.Headers.RetryAfter = ProblemNames.RetryAfter(error).ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Writes the object that an error is, where it is not a body of its own.</summary>
    public static void WriteObject(IBufferWriter<byte> output, InferenceError error)
    {
        output.Write("{\"error\":"u8);
        JsonStringWriter.Write(output, Cut(error.Message));
        output.Write("}"u8);
    }

    private static async Task SendAsync(HttpContext context, int status, string message, InferenceError? error, string requestId)
    {
        RequestNames.Tell(context, hasFailed: true);
        using var text = new PooledText();
        text.Write("{\"error\":"u8);
        JsonStringWriter.Write(text, Cut(message));
        var wantsDetails = ProblemPreference.WantsDetails(context.Request.Headers.Accept);
        if (wantsDetails)
        {
            WriteDetails(text, context.Request, status, message, error, requestId);
        }

        text.Write("}"u8);
        var type = wantsDetails ? ProblemPreference.MediaType
            : context.Response.ContentType == JsonAnswer.PlainText ? JsonAnswer.PlainText
            : JsonAnswer.ContentType;
        await JsonAnswer.SendAsync(context, status, text, type);
    }

    private static void WriteDetails(PooledText text, HttpRequest request, int status, string message, InferenceError? error, string requestId)
    {
        // What stands for a status alone has no type of its own.
        WriteMember(text, ",\"type\":"u8, error is null ? "about:blank" : ProblemNames.TypeOf(error.Code));
        WriteMember(text, ",\"title\":"u8, error is null ? ReasonPhrases.GetReasonPhrase(status) : ProblemNames.TitleOf(error.Code));
        text.Write(",\"status\":"u8);
        status.TryFormat(text.GetSpan(11), out var written, default, CultureInfo.InvariantCulture);
        text.Advance(written);
        WriteMember(text, ",\"detail\":"u8, message);
        var path = request.Path.ToUriComponent();
        WriteMember(text, ",\"instance\":"u8, path.Length is > 0 and <= MaxInstance ? path : null);
        WriteMember(text, ",\"request_id\":"u8, requestId.Length > 0 ? requestId : null);
        if (error is not null)
        {
            WriteMember(text, ",\"code\":"u8, ProblemNames.CodeOf(error.Code));
            WriteMember(text, ",\"subject\":"u8, error.Subject);
            WriteMember(text, ",\"expected\":"u8, error.Expected);
            WriteMember(text, ",\"got\":"u8, error.Actual);
        }
    }

    private static void WriteMember(PooledText text, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            text.Write(name);
            JsonStringWriter.Write(text, Cut(value));
        }
    }

    private static string Cut(string text) => ClippedText.Of(text, MaxText);
}
