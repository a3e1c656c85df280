using System.Globalization;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>Reads the header <c>grpc-timeout</c> (gRPC over HTTP/2, requests): at most eight digits and a unit.</summary>
internal static class RpcTimeout
{
    public const string Header = "grpc-timeout";

    private const int MaxDigits = 8;
    private const long MostMilliseconds = 99_999_999;

    /// <summary>Reads.</summary>
    /// <param name="text">The header.</param>
    /// <param name="timeout">How long the client waits.</param>
    /// <returns>False when it is none.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1 || !long.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        var ticks = text[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,

            // A tick is a hundred of them.
            'n' => 0,
            _ => -1,
        };
        if (ticks < 0)
        {
            return false;
        }

        timeout = ticks == 0 ? TimeSpan.FromTicks((value + 99) / 100) : TimeSpan.FromTicks(value * ticks);
        return true;
    }

    /// <summary>Writes, in milliseconds: what is longer than eight digits of them is cut to that, which is a day.</summary>
    public static string Format(TimeSpan timeout) => string.Create(CultureInfo.InvariantCulture, $"{Math.Clamp((long)Math.Ceiling(timeout.TotalMilliseconds), 1, MostMilliseconds)}m");
}
