using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads the <c>parameters</c> of a request, and single values for those of its tensors.</summary>
internal static class RequestParametersReader
{
    public static InferenceError? Read(ref JsonCursor json, InferHeader header, int limit)
    {
        if (json.Peek() != JsonKind.Object)
        {
            return RequestErrors.Kind("parameters", "an object", ref json);
        }

        var first = true;
        var count = 0;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var member))
        {
            if (member.Length > InferHeaderReader.MaxNameLength)
            {
                return RequestErrors.NameTooLong("parameters", member.Length, InferHeaderReader.MaxNameLength);
            }

            if (count++ == limit)
            {
                return RequestErrors.TooMany("parameters", limit);
            }

            if (ReadOfInfer(ref json, member.ToString(), header) is { } error)
            {
                return error;
            }
        }

        return json.Failed ? RequestErrors.Json(json) : null;
    }

    public static InferenceError? ReadBool(ref JsonCursor json, string name, out bool value)
    {
        value = false;
        return json.Peek() != JsonKind.Bool ? RequestErrors.Kind(name, "true or false", ref json)
            : json.TryReadBool(out value) ? null
            : RequestErrors.Json(json);
    }

    public static InferenceError? ReadUInt64(ref JsonCursor json, string name, out ulong value)
    {
        value = 0;
        if (json.Peek() != JsonKind.Number)
        {
            return RequestErrors.Kind(name, "an unsigned integer", ref json);
        }

        var start = json;
        return !json.TryReadNumber(out var number) ? RequestErrors.Json(json)
            : number.TryGetUInt64(out value) ? null
            : RequestErrors.Kind(name, "an unsigned integer of 64 bits", ref start);
    }

    /// <summary>Reads the value of one parameter, which must be of the kind that the protocol has for its name; of two equal names the first counts.</summary>
    public static InferenceError? ReadOne(ref JsonCursor json, string name, InferHeader header)
    {
        if (header.Parameters.ContainsKey(name))
        {
            return json.TrySkip() ? null : RequestErrors.Json(json);
        }

        InferenceError? error;
        switch (name)
        {
            case "sequence_start":
            case "sequence_end":
                error = ReadBool(ref json, name, out var flag);
                header.Parameters[name] = ParameterValue.FromBool(flag);
                return error;
            case "priority":
            case "timeout":
                error = ReadUInt64(ref json, name, out var number);
                header.Parameters[name] = ParameterValue.FromUInt64(number);
                return error;
            case "sequence_id" when json.Peek() != JsonKind.String:
                error = ReadUInt64(ref json, name, out number);
                header.Parameters[name] = ParameterValue.FromUInt64(number);
                return error;
            default:
                error = ReadValue(ref json, name, out var value);
                header.Parameters[name] = value;
                return error;
        }
    }

    private static InferenceError? ReadOfInfer(ref JsonCursor json, string name, InferHeader header)
    {
        if (name.StartsWith("triton_", StringComparison.Ordinal))
        {
            return RequestErrors.ReservedParameter(name);
        }

        if (name != "binary_data_output")
        {
            return ReadOne(ref json, name, header);
        }

        var error = ReadBool(ref json, name, out var isBinary);
        header.SendsBinary ??= isBinary;
        return error;
    }

    private static InferenceError? ReadValue(ref JsonCursor json, string name, out ParameterValue value)
    {
        value = default;
        switch (json.Peek())
        {
            case JsonKind.String when json.TryReadString(out var text):
                value = ParameterValue.FromString(text.ToString());
                return null;
            case JsonKind.Bool when json.TryReadBool(out var flag):
                value = ParameterValue.FromBool(flag);
                return null;
            case JsonKind.Number when json.TryReadNumber(out var number):
                return ReadNumber(number, name, out value);
            case JsonKind.Object:
            case JsonKind.Array:
            case JsonKind.Null:
                return RequestErrors.ParameterKind(name, RequestErrors.Describe(json.Peek()));
            default:
                // What is no value at all is the document's fault, and skipping it finds out what.
                json.TrySkip();
                return RequestErrors.Json(json);
        }
    }

    private static InferenceError? ReadNumber(in JsonNumber number, string name, out ParameterValue value)
    {
        if (number.TryGetInt64(out var signed))
        {
            value = ParameterValue.FromInt64(signed);
            return null;
        }

        if (number.TryGetUInt64(out var unsigned))
        {
            value = ParameterValue.FromUInt64(unsigned);
            return null;
        }

        var real = number.IsToken ? number.TokenValue : double.Parse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture);
        value = ParameterValue.FromDouble(real);
        return double.IsInfinity(real) && !number.IsToken
            ? RequestErrors.ParameterRange(name, Encoding.UTF8.GetString(number.Text[..Math.Min(number.Text.Length, 40)]))
            : null;
    }
}
