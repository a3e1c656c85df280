using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Bodies and tensors of many elements of any type.</summary>
internal static class ElementTexts
{
    /// <summary>A request for the input <c>IN</c> with as many elements: flat, or in rows of ten.</summary>
    public static byte[] Request(TensorDataType type, int elements, bool isNested)
    {
        var shape = isNested ? $"{elements / 10},10" : elements.ToString(CultureInfo.InvariantCulture);
        var text = new StringBuilder(elements * 12).Append(CultureInfo.InvariantCulture, $"{{\"inputs\":[{{\"name\":\"IN\",\"datatype\":\"{type.ProtocolName()}\",\"shape\":[{shape}],\"data\":[");
        for (var i = 0; i < elements; i++)
        {
            text.Append(i == 0 ? "" : isNested && i % 10 == 0 ? "],[" : ",").Append(isNested && i == 0 ? "[" : "").Append(Element(type, i));
        }

        return Encoding.UTF8.GetBytes(text.Append(isNested ? "]]}]}" : "]}]}").ToString());
    }

    /// <summary>The bytes of as many elements.</summary>
    public static byte[] Data(TensorDataType type, int elements)
    {
        var size = type == TensorDataType.Bytes ? BytesTensor.PrefixSize + 4 : type.ElementSize();
        var data = new byte[elements * size];
        for (var i = 0; i < elements; i++)
        {
            var element = data.AsSpan(i * size, size);
            if (type == TensorDataType.Bytes)
            {
                BytesTensor.Write(element, [(byte)'"', (byte)'a', (byte)('a' + (i % 26)), (byte)'\n']);
            }
            else
            {
                element[0] = (byte)(type == TensorDataType.Bool ? i & 1 : i % 100);
                element[^1] = (byte)(type == TensorDataType.Bool ? i & 1 : 0x3E);
            }
        }

        return data;
    }

    private static string Element(TensorDataType type, int i)
    {
        var culture = CultureInfo.InvariantCulture;
        return type switch
        {
            TensorDataType.Bool => i % 2 == 0 ? "true" : "false",
            TensorDataType.Bytes => $"\"\\u00e9 {(i % 1000).ToString(culture)}\\n\"",
            TensorDataType.Fp16 or TensorDataType.Bf16 => (i % 1000 / 8.0).ToString(culture),
            TensorDataType.Fp32 or TensorDataType.Fp64 => i % 3 == 0 ? $"{(i * 0.1).ToString("R", culture)}" : i % 3 == 1 ? "-1.2345678901234567e-7" : "NaN",
            _ => (i % 128).ToString(culture),
        };
    }
}
