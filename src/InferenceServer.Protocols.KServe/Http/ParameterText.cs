using System.Buffers;
using System.Globalization;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Writes response parameters as JSON.</summary>
internal static class ParameterText
{
    /// <summary>More than any number takes.</summary>
    private const int NumberRoom = 40;

    /// <summary>Writes all as one object.</summary>
    public static void WriteObject(IBufferWriter<byte> output, IReadOnlyDictionary<string, ParameterValue> parameters)
    {
        output.Write("{"u8);
        var isFirst = true;
        foreach (var (name, value) in parameters)
        {
            if (!isFirst)
            {
                output.Write(","u8);
            }

            isFirst = false;
            JsonStringWriter.Write(output, name);
            output.Write(":"u8);
            Write(output, value);
        }

        output.Write("}"u8);
    }

    /// <summary>Writes one value.</summary>
    public static void Write(IBufferWriter<byte> output, in ParameterValue value)
    {
        if (value.TryGetString(out var text))
        {
            JsonStringWriter.Write(output, text);
        }
        else if (value.TryGetBool(out var flag))
        {
            output.Write(flag ? "true"u8 : "false"u8);
        }
        else if (value.TryGetDouble(out var real))
        {
            // As tensors' elements: NaN and the infinities are the words that clients of the protocol know.
            var room = output.GetSpan(NumberRoom);
            real.TryFormat(room, out var written, default, CultureInfo.InvariantCulture);
            if (double.IsFinite(real) && room[..written].IndexOfAny((byte)'.', (byte)'E') < 0)
            {
                // Or it would be an integer.
                ".0"u8.CopyTo(room[written..]);
                written += 2;
            }

            output.Advance(written);
        }
        else if (value.TryGetInt64(out var signed))
        {
            signed.TryFormat(output.GetSpan(NumberRoom), out var written, default, CultureInfo.InvariantCulture);
            output.Advance(written);
        }
        else if (value.TryGetUInt64(out var unsigned))
        {
            unsigned.TryFormat(output.GetSpan(NumberRoom), out var written, default, CultureInfo.InvariantCulture);
            output.Advance(written);
        }
    }
}
