using System.Globalization;
using System.Numerics;
using System.Text;

namespace InferenceServer.ExchangeTests.Json;

/// <summary>
/// JSON as plain values: <see cref="JsonObject"/>, <see cref="List{T}"/> of values, <see cref="string"/>, <see cref="BigInteger"/>,
/// <see cref="double"/>, <see cref="bool"/> and null. It reads NaN and Infinity, which Triton writes and which JSON does not have, keeps whole numbers
/// apart from others, and of two members with one name keeps the last.
/// </summary>
internal static class JsonText
{
    /// <summary>Reads one document.</summary>
    /// <exception cref="FormatException">It is no JSON.</exception>
    public static object? Parse(string text) => new JsonTextReader(text).ParseDocument();

    /// <summary>Reads one document from UTF-8.</summary>
    /// <exception cref="FormatException">It is no JSON, or no UTF-8.</exception>
    public static object? Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return Parse(s_strictUtf8.GetString(utf8));
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException("no UTF-8");
        }
    }

    /// <summary>Writes a value. Whole numbers that a double does not hold are written as strings, as JSON of protocol buffers wants them.</summary>
    public static string Write(object? value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return text.ToString();
    }

    private static readonly UTF8Encoding s_strictUtf8 = new(false, true);

    private static void Write(object? value, StringBuilder text)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool boolean:
                text.Append(boolean ? "true" : "false");
                break;
            case BigInteger number:
                var isExact = BigInteger.Abs(number) <= (BigInteger.One << 53);
                text.Append(isExact ? number.ToString(CultureInfo.InvariantCulture) : $"\"{number}\"");
                break;
            case double number:
                text.Append(double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : $"\"{(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity")}\"");
                break;
            case string characters:
                WriteString(characters, text);
                break;
            case List<object?> list:
                WriteAll('[', list, ']', text, static (item, text) => Write(item, text));
                break;
            case JsonObject members:
                WriteAll('{', members, '}', text, static (member, text) =>
                {
                    WriteString(member.Key, text);
                    text.Append(':');
                    Write(member.Value, text);
                });
                break;
            default:
                throw new ArgumentException($"no JSON value: {value.GetType()}", nameof(value));
        }
    }

    private static void WriteAll<T>(char opening, IEnumerable<T> items, char closing, StringBuilder text, Action<T, StringBuilder> write)
    {
        text.Append(opening);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst)
            {
                text.Append(',');
            }

            isFirst = false;
            write(item, text);
        }

        text.Append(closing);
    }

    private static void WriteString(string characters, StringBuilder text)
    {
        text.Append('"');
        foreach (var character in characters)
        {
            if (character is '"' or '\\')
            {
                text.Append('\\').Append(character);
            }
            else if (character < ' ' || char.IsSurrogate(character))
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
            else
            {
                text.Append(character);
            }
        }

        text.Append('"');
    }
}
