using System.Buffers;
using InferenceServer.Abstractions.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Answers with an error: <c>{"error": text}</c> and nothing else, as the protocol has it. A client that accepts
/// <c>application/problem+json</c> also gets what the text says for machines (code, subject, expected, got), where there is something to say.
/// </summary>
internal static class HttpErrorWriter
{
    /// <summary>A text may quote what a client sent; beyond this many characters it is cut.</summary>
    private const int MaxText = 4096;

    private const string ProblemType = "application/problem+json";

    public static Task WriteAsync(HttpContext context, InferenceError error) => WriteAsync(context, error, HttpErrorMapping.ToStatus(error.Code));

    public static async Task WriteAsync(HttpContext context, InferenceError error, int status)
    {
        AddRetryAfter(context, error, status);
        using var text = new PooledText();
        text.Write("{\"error\":"u8);
        JsonStringWriter.Write(text, Cut(error.Message));
        var isForMachines = WantsDetails(context.Request.Headers.Accept);
        if (isForMachines)
        {
            WriteMember(text, ",\"code\":"u8, HttpErrorMapping.ToName(error.Code));
            WriteMember(text, ",\"subject\":"u8, error.Subject);
            WriteMember(text, ",\"expected\":"u8, error.Expected);
            WriteMember(text, ",\"got\":"u8, error.Actual);
        }

        text.Write("}"u8);
        await JsonAnswer.SendAsync(context, status, text, isForMachines ? ProblemType : JsonAnswer.ContentType);
    }

    /// <summary>Answers with a text that stands for the status itself, such as Not Found.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string message)
    {
        using var text = new PooledText();
        text.Write("{\"error\":"u8);
        JsonStringWriter.Write(text, message);
        text.Write("}"u8);
        await JsonAnswer.SendAsync(context, status, text);
    }

    /// <summary>Says when to come again, where that is worth it.</summary>
    public static void AddRetryAfter(HttpContext context, InferenceError error, int status)
    {
        if (error.IsRetryable && status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            context.Response.Headers.RetryAfter = "1";
        }
    }

    /// <summary>Writes the object that an error is, where it is not a body of its own.</summary>
    public static void WriteObject(IBufferWriter<byte> output, InferenceError error)
    {
        output.Write("{\"error\":"u8);
        JsonStringWriter.Write(output, Cut(error.Message));
        output.Write("}"u8);
    }

    /// <summary>Some clients refuse members that they do not know, so that the details are there only for who asks.</summary>
    private static bool WantsDetails(in StringValues accept)
    {
        foreach (var value in accept)
        {
            if (value?.Contains(ProblemType, StringComparison.OrdinalIgnoreCase) == true)
            {
                return true;
            }
        }

        return false;
    }

    private static void WriteMember(PooledText text, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            text.Write(name);
            JsonStringWriter.Write(text, Cut(value));
        }
    }

    private static string Cut(string text) => text.Length <= MaxText ? text : string.Concat(text.AsSpan(0, MaxText), "...");
}
