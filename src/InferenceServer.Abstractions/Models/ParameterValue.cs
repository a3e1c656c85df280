using System.Globalization;

namespace InferenceServer.Abstractions.Models;

/// <summary>A request parameter: one of the five kinds that the protocols know.</summary>
public readonly record struct ParameterValue
{
    private readonly long _bits;
    private readonly string? _text;

    private ParameterValue(ParameterKind kind, long bits, string? text)
    {
        Kind = kind;
        _bits = bits;
        _text = text;
    }

    /// <summary>Which kind it is.</summary>
    public ParameterKind Kind { get; }

    /// <summary>Makes a boolean.</summary>
    public static ParameterValue FromBool(bool value) => new(ParameterKind.Bool, value ? 1 : 0, null);

    /// <summary>Makes a signed integer.</summary>
    public static ParameterValue FromInt64(long value) => new(ParameterKind.Int64, value, null);

    /// <summary>Makes an unsigned integer.</summary>
    public static ParameterValue FromUInt64(ulong value) => new(ParameterKind.UInt64, unchecked((long)value), null);

    /// <summary>Makes a number.</summary>
    public static ParameterValue FromDouble(double value) => new(ParameterKind.Double, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>Makes a text.</summary>
    public static ParameterValue FromString(string value) => new(ParameterKind.String, 0, value);

    /// <summary>The value of a boolean.</summary>
    public bool TryGetBool(out bool value)
    {
        value = _bits != 0;
        return Kind == ParameterKind.Bool;
    }

    /// <summary>The value of an integer that fits in 64 bits without a sign.</summary>
    public bool TryGetUInt64(out ulong value)
    {
        value = unchecked((ulong)_bits);
        return Kind == ParameterKind.UInt64 || (Kind == ParameterKind.Int64 && _bits >= 0);
    }

    /// <summary>The value of an integer that fits in 64 bits with a sign.</summary>
    public bool TryGetInt64(out long value)
    {
        value = _bits;
        return Kind == ParameterKind.Int64 || (Kind == ParameterKind.UInt64 && _bits >= 0);
    }

    /// <summary>The value of a number.</summary>
    public bool TryGetDouble(out double value)
    {
        value = BitConverter.Int64BitsToDouble(_bits);
        return Kind == ParameterKind.Double;
    }

    /// <summary>The value of a text.</summary>
    public bool TryGetString(out string value)
    {
        value = _text ?? "";
        return Kind == ParameterKind.String;
    }

    /// <summary>The value as text, for logs and messages.</summary>
    public override string ToString() => Kind switch
    {
        ParameterKind.Bool => _bits != 0 ? "true" : "false",
        ParameterKind.Int64 => _bits.ToString(CultureInfo.InvariantCulture),
        ParameterKind.UInt64 => unchecked((ulong)_bits).ToString(CultureInfo.InvariantCulture),
        ParameterKind.Double => BitConverter.Int64BitsToDouble(_bits).ToString("R", CultureInfo.InvariantCulture),
        _ => _text ?? "",
    };
}
