using System.Globalization;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>A scalar as plain text, without quotes: the form of map keys and of numbers in both formats.</summary>
internal static class ScalarText
{
    public static string Of(FieldDescriptor field, ValueNode value) => field.FieldType switch
    {
        FieldType.String => value.Text,
        FieldType.Bool => value.Bits == 0 ? "false" : "true",
        FieldType.Enum => field.EnumType.FindValueByNumber((int)value.AsSigned)?.Name ?? value.AsSigned.ToString(CultureInfo.InvariantCulture),
        FieldType.Float => Number((float)value.AsDouble, ((float)value.AsDouble).ToString("R", CultureInfo.InvariantCulture)),
        FieldType.Double => Number(value.AsDouble, value.AsDouble.ToString("R", CultureInfo.InvariantCulture)),
        FieldType.UInt32 or FieldType.UInt64 => value.Bits.ToString(CultureInfo.InvariantCulture),
        _ => value.AsSigned.ToString(CultureInfo.InvariantCulture),
    };

    private static string Number(double value, string finite) =>
        double.IsNaN(value) ? "nan" : double.IsPositiveInfinity(value) ? "inf" : double.IsNegativeInfinity(value) ? "-inf" : finite;
}
