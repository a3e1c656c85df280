namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>Reads the header <c>Content-Type</c>.</summary>
internal static class PayloadKinds
{
    public static PayloadKind Of(string? contentType)
    {
        if (contentType is null)
        {
            return PayloadKind.Json;
        }

        var semicolon = contentType.IndexOf(';', StringComparison.Ordinal);
        var type = (semicolon < 0 ? contentType : contentType.AsSpan(0, semicolon)).Trim();
        return IsNpy(type) ? PayloadKind.Npy
            : !type.Equals("text/plain", StringComparison.OrdinalIgnoreCase) ? PayloadKind.Json
            : semicolon < 0 || IsUtf8(contentType.AsSpan(semicolon + 1)) ? PayloadKind.Text
            : PayloadKind.ForeignText;
    }

    /// <summary>True for both names under which npy files go.</summary>
    public static bool IsNpy(ReadOnlySpan<char> type) =>
        type.Equals("application/x-npy", StringComparison.OrdinalIgnoreCase) || type.Equals("application/npy", StringComparison.OrdinalIgnoreCase);

    /// <summary>True unless a parameter names another character set than UTF-8 or its part ASCII.</summary>
    private static bool IsUtf8(ReadOnlySpan<char> parameters)
    {
        foreach (var range in parameters.Split(';'))
        {
            var parameter = parameters[range].Trim();
            var equals = parameter.IndexOf('=');
            if (equals >= 0 && parameter[..equals].Trim().Equals("charset", StringComparison.OrdinalIgnoreCase))
            {
                var name = parameter[(equals + 1)..].Trim().Trim('"');
                return name.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || name.Equals("utf8", StringComparison.OrdinalIgnoreCase) || name.Equals("us-ascii", StringComparison.OrdinalIgnoreCase);
            }
        }

        return true;
    }
}
