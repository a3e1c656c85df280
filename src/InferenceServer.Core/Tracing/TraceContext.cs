using System.Diagnostics;
using System.Globalization;

namespace InferenceServer.Core.Tracing;

/// <summary>
/// Which trace of its callers a request belongs to: the <c>traceparent</c> of W3C Trace Context, level 1. The empty context belongs to
/// none. Reading one allocates nothing.
/// </summary>
public readonly record struct TraceContext
{
    // version "-" trace-id "-" parent-id "-" trace-flags
    private const int Length = 55;
    private const int TraceIdStart = 3;
    private const int ParentIdStart = 36;
    private const int FlagsStart = 53;
    private const ulong SampledFlag = 1;

    private readonly ulong _traceIdHigh;
    private readonly ulong _traceIdLow;
    private readonly ulong _parentId;

    private TraceContext(ulong traceIdHigh, ulong traceIdLow, ulong parentId, bool isSampled)
    {
        _traceIdHigh = traceIdHigh;
        _traceIdLow = traceIdLow;
        _parentId = parentId;
        IsSampled = isSampled;
    }

    /// <summary>True when the request belongs to no trace.</summary>
    public bool IsEmpty => (_traceIdHigh | _traceIdLow) == 0;

    /// <summary>True when the caller traces the request.</summary>
    public bool IsSampled { get; }

    /// <summary>The id of the trace, 32 hexadecimal digits.</summary>
    public string TraceId => string.Create(CultureInfo.InvariantCulture, $"{_traceIdHigh:x16}{_traceIdLow:x16}");

    /// <summary>The id of the caller's own part of it, 16 hexadecimal digits.</summary>
    public string ParentId => _parentId.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Reads a header. A version that is not known yet is read as far as this one reaches, as the recommendation has it.</summary>
    /// <returns>The context; empty when there is no header, or one that is to be ignored.</returns>
    public static TraceContext Parse(ReadOnlySpan<char> header)
    {
        if (header.Length < Length || header[2] != '-' || header[ParentIdStart - 1] != '-' || header[FlagsStart - 1] != '-'
            || !TryReadHex(header[..2], out var version) || version == 0xFF
            || (version == 0 ? header.Length != Length : header.Length > Length && header[Length] != '-')
            || !TryReadHex(header.Slice(TraceIdStart, 16), out var high)
            || !TryReadHex(header.Slice(TraceIdStart + 16, 16), out var low)
            || !TryReadHex(header.Slice(ParentIdStart, 16), out var parent)
            || !TryReadHex(header.Slice(FlagsStart, 2), out var flags)
            || (high | low) == 0 || parent == 0)
        {
            return default;
        }

        return new TraceContext(high, low, parent, (flags & SampledFlag) != 0);
    }

    /// <summary>As .NET has it; default when the request belongs to no trace.</summary>
    internal ActivityContext ToActivityContext() => IsEmpty
        ? default
        : new ActivityContext(ActivityTraceId.CreateFromString(TraceId), ActivitySpanId.CreateFromString(ParentId), IsSampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, isRemote: true);

    private static bool TryReadHex(ReadOnlySpan<char> digits, out ulong value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            // Capital letters are not allowed.
            if (!char.IsAsciiHexDigitLower(digit))
            {
                return false;
            }

            value = (value << 4) | (uint)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
        }

        return true;
    }
}
