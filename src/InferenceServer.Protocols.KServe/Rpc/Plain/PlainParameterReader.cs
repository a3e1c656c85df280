using InferenceServer.Abstractions.Models;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>Reads an entry of the map of parameters (of <c>InferParameter</c>, the fields by their numbers) if it has a name and one value.</summary>
internal static class PlainParameterReader
{
    private const int Key = 1;
    private const int Value = 2;

    private const int BoolParam = 1;
    private const int Int64Param = 2;
    private const int StringParam = 3;
    private const int DoubleParam = 4;
    private const int Uint64Param = 5;

    /// <summary>Reads a parameter of a request.</summary>
    /// <param name="reader">At the entry.</param>
    /// <param name="end">Where the entry ends.</param>
    /// <param name="parameter">What it says.</param>
    /// <returns>False when it is for the library.</returns>
    public static bool TryRead(ref WireReader reader, long end, out PlainParameter parameter) =>
        TryReadEntry(ref reader, end, comesAgain: false, out parameter) && InferParameterReader.IsAllowed(parameter.Name, parameter.Value);

    /// <summary>Reads a parameter, whatever its name allows.</summary>
    /// <param name="reader">At the entry.</param>
    /// <param name="end">Where the entry ends.</param>
    /// <param name="comesAgain">True when a text that it has is worth remembering.</param>
    /// <param name="parameter">What it says.</param>
    /// <returns>False when it is for the library.</returns>
    public static bool TryReadEntry(ref WireReader reader, long end, bool comesAgain, out PlainParameter parameter)
    {
        parameter = default;
        string? name = null;
        ParameterValue? value = null;
        while (reader.Position < end)
        {
            if (!reader.TryReadTag(out var field, out var type) || type != WireReader.Bytes)
            {
                return false;
            }

            if (field == Key && name is null)
            {
                if (!reader.TryReadName(out name))
                {
                    return false;
                }
            }
            else if (field != Value || value is not null || !reader.TryReadLength(out var length) || !TryReadValue(ref reader, reader.Position + length, comesAgain, out value))
            {
                return false;
            }
        }

        if (reader.Position != end || name is null || value is null)
        {
            return false;
        }

        parameter = new PlainParameter(name, value.Value);
        return true;
    }

    /// <summary>The one value, in the one field.</summary>
    private static bool TryReadValue(ref WireReader reader, long end, bool comesAgain, out ParameterValue? value)
    {
        value = null;
        if (!reader.TryReadTag(out var field, out var type))
        {
            return false;
        }

        switch (field, type)
        {
            case (BoolParam, WireReader.Varint) when reader.TryReadVarint(out var flag):
                value = ParameterValue.FromBool(flag != 0);
                break;
            case (Int64Param, WireReader.Varint) when reader.TryReadVarint(out var number):
                value = ParameterValue.FromInt64((long)number);
                break;
            case (Uint64Param, WireReader.Varint) when reader.TryReadVarint(out var number):
                value = ParameterValue.FromUInt64(number);
                break;
            case (DoubleParam, WireReader.Fixed64) when reader.TryReadFixed64(out var bits):
                value = ParameterValue.FromDouble(BitConverter.UInt64BitsToDouble(bits));
                break;
            case (StringParam, WireReader.Bytes) when reader.TryReadName(out var text, comesAgain):
                value = ParameterValue.FromString(text);
                break;
            default:
                return false;
        }

        return reader.Position == end;
    }
}
