using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Whether an integer fits the type of its field.</summary>
internal static class IntegerRange
{
    public static bool IsInteger(FieldType type) =>
        type is FieldType.Int32 or FieldType.Int64 or FieldType.UInt32 or FieldType.UInt64;

    public static bool TryFit(FieldType type, bool isNegative, ulong magnitude, out ulong bits)
    {
        bits = isNegative ? unchecked(0 - magnitude) : magnitude;
        return type switch
        {
            FieldType.UInt32 => (!isNegative || magnitude == 0) && magnitude <= uint.MaxValue,
            FieldType.UInt64 => !isNegative || magnitude == 0,
            FieldType.Int32 => magnitude <= (isNegative ? 1UL << 31 : int.MaxValue),
            _ => magnitude <= (isNegative ? 1UL << 63 : long.MaxValue),
        };
    }
}
