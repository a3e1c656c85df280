using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>Turns UBJSON into JSON: the numbers of both are the same to the last bit.</summary>
internal ref struct UbjReader
{
    private const int MaxDepth = 64;

    private readonly Utf8JsonWriter _json;
    private ReadOnlySpan<byte> _rest;

    private UbjReader(ReadOnlySpan<byte> bytes, Utf8JsonWriter json)
    {
        _rest = bytes;
        _json = json;
    }

    /// <summary>The same as JSON.</summary>
    /// <exception cref="ModelFault">It is no sound UBJSON.</exception>
    public static byte[] ToJson(ReadOnlySpan<byte> bytes)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { SkipValidation = true }))
        {
            var reader = new UbjReader(bytes, json);
            reader.Value(reader.Marker(), 0);
            if (!reader._rest.IsEmpty)
            {
                throw new ModelFault("it is no sound UBJSON: something follows its end");
            }
        }

        return stream.ToArray();
    }

    private void Value(byte marker, int depth)
    {
        switch (marker)
        {
            case (byte)'{':
                Object(depth);
                break;
            case (byte)'[':
                Array(depth);
                break;
            case (byte)'S':
                _json.WriteStringValue(Text());
                break;
            case (byte)'C':
                _json.WriteStringValue(((char)Take(1)[0]).ToString());
                break;
            case (byte)'Z':
                _json.WriteNullValue();
                break;
            case (byte)'T' or (byte)'F':
                _json.WriteBooleanValue(marker == 'T');
                break;
            case (byte)'d':
                Number(BinaryPrimitives.ReadSingleBigEndian(Take(sizeof(float))).ToString("R", CultureInfo.InvariantCulture));
                break;
            case (byte)'D':
                Number(BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double))).ToString("R", CultureInfo.InvariantCulture));
                break;
            default:
                _json.WriteNumberValue(Whole(marker));
                break;
        }
    }

    private void Object(int depth)
    {
        Descend(depth);
        _json.WriteStartObject();
        var (type, count) = Head();
        for (long i = 0; count is null ? !Ends((byte)'}') : i < count; i++)
        {
            _json.WritePropertyName(Text());
            Value(type ?? Marker(), depth + 1);
        }

        _json.WriteEndObject();
    }

    private void Array(int depth)
    {
        Descend(depth);
        _json.WriteStartArray();
        var (type, count) = Head();

        // Elements of these types take no bytes, so that a short file could ask for any number of them.
        if (type is (byte)'Z' or (byte)'T' or (byte)'F' or (byte)'N')
        {
            throw new ModelFault("it is no sound UBJSON: a list of nothing");
        }

        for (long i = 0; count is null ? !Ends((byte)']') : i < count; i++)
        {
            Value(type ?? Marker(), depth + 1);
        }

        _json.WriteEndArray();
    }

    private (byte? Type, long? Count) Head()
    {
        byte? type = null;
        if (Ends((byte)'$'))
        {
            type = Marker();
            if (_rest is not [(byte)'#', ..])
            {
                throw new ModelFault("it is no sound UBJSON: a type without a count");
            }
        }

        return Ends((byte)'#') ? (type, Length()) : (type, null);
    }

    private readonly void Number(string text)
    {
        if (!char.IsAsciiDigit(text[^1]))
        {
            throw new ModelFault("it holds a number that is not finite");
        }

        // The library tells whole numbers from others by their form.
        _json.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + "E0" : text, skipInputValidation: true);
    }

    private ReadOnlySpan<byte> Text()
    {
        var text = Take(Length());
        return System.Text.Unicode.Utf8.IsValid(text) ? text : throw new ModelFault("it is no sound UBJSON: a text that is not UTF-8");
    }

    private long Length() => Whole(Marker()) is >= 0 and var length ? length : throw new ModelFault("it is no sound UBJSON: a negative length");

    private long Whole(byte marker) => marker switch
    {
        (byte)'i' => (sbyte)Take(1)[0],
        (byte)'U' => Take(1)[0],
        (byte)'I' => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short))),
        (byte)'l' => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int))),
        (byte)'L' => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long))),
        _ => throw new ModelFault($"it is no sound UBJSON: there is no type {marker}"),
    };

    private byte Marker() => Take(1)[0];

    private bool Ends(byte marker)
    {
        if (_rest.IsEmpty || _rest[0] != marker)
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > _rest.Length)
        {
            throw new ModelFault("the file ends in the middle: is it complete?");
        }

        var taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }

    private static void Descend(int depth)
    {
        if (depth >= MaxDepth)
        {
            throw new ModelFault($"it is nested deeper than {MaxDepth}");
        }
    }
}
