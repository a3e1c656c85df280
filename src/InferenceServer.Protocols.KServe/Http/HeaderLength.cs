using System.Globalization;
using System.Numerics;
using InferenceServer.Abstractions.Errors;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads <c>Inference-Header-Content-Length</c>: how much of a body is JSON. Only an integer will do, without anything around it.</summary>
internal static class HeaderLength
{
    /// <summary>Reads the header; <paramref name="length"/> is null when the request has none.</summary>
    public static InferenceError? Read(HttpRequest request, out int? length)
    {
        length = null;
        if (!request.Headers.TryGetValue(InferResponseWriter.HeaderLengthName, out var values))
        {
            return null;
        }

        var text = values.ToString();
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            return text.Length <= 100 && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                ? RequestErrors.HeaderLengthOverflow(text)
                : RequestErrors.HeaderLength(text);
        }

        if (value < 0 || value > request.ContentLength)
        {
            return RequestErrors.HeaderRange(value, request.ContentLength);
        }

        length = value;
        return null;
    }
}
