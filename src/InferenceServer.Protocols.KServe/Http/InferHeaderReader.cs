using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Payloads;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Reads the JSON object of an inference request, or an array of nothing but rows in its place. Unknown members are passed over; of two
/// equal ones the first counts.
/// </summary>
internal sealed class InferHeaderReader(ITensorAllocator allocator, KServeHttpOptions options) : IBodyReader
{
    /// <summary>The most bytes that the name of a tensor or of a parameter may have.</summary>
    public const int MaxNameLength = 1024;

    private readonly InputReader _inputs = new(allocator, options.MaxInputSize);
    private readonly RowsReader _rows = new(allocator, options.MaxInputSize);

    public string SizeName => "request JSON size";

    public string Expected => "a JSON object with 'inputs'";

    /// <summary>Reads a whole document.</summary>
    /// <param name="text">The document, UTF-8.</param>
    /// <param name="model">The model, whose tensor names are reused; null when there is none.</param>
    /// <param name="header">Filled; after a failure it holds what had been read, and is still to be disposed.</param>
    /// <returns>What is wrong, or null.</returns>
    public InferenceError? Read(ReadOnlySpan<byte> text, ModelConfig? model, InferHeader header)
    {
        var json = new JsonCursor(text);
        if (model is not null && !json.Failed && json.Peek() == JsonKind.Array)
        {
            return _rows.Read(ref json, model, header);
        }

        if (!json.Failed && json.Peek() is not JsonKind.Object and not JsonKind.Other and not JsonKind.End)
        {
            return RequestErrors.Kind("inputs", "an object that has it", ref json);
        }

        if (!json.TryEnterObject())
        {
            return RequestErrors.Json(json);
        }

        var first = true;
        var seen = Members.None;
        while (json.TryNextMember(ref first, out var name))
        {
            var error = name switch
            {
                _ when name.Is("inputs"u8) && Claim(ref seen, Members.Inputs) => ReadInputs(ref json, model, header),
                _ when name.Is("outputs"u8) && Claim(ref seen, Members.Outputs) => ReadOutputs(ref json, model, header),
                _ when name.Is("id"u8) && Claim(ref seen, Members.Id) => ReadId(ref json, header),
                _ when name.Is("parameters"u8) && Claim(ref seen, Members.Parameters) => RequestParametersReader.Read(ref json, header, options.MaxParameters),
                _ => json.TrySkip() ? null : RequestErrors.Json(json),
            };
            if (error is not null)
            {
                return error;
            }
        }

        return json.Failed || !json.TryEnd() ? RequestErrors.Json(json)
            : seen.HasFlag(Members.Inputs) ? null
            : RequestErrors.Missing("the request", "inputs");
    }

    private static bool Claim(ref Members seen, Members member)
    {
        var isFirst = (seen & member) == 0;
        seen |= member;
        return isFirst;
    }

    internal static InferenceError? ReadId(ref JsonCursor json, InferHeader header)
    {
        if (json.Peek() != JsonKind.String)
        {
            return RequestErrors.Kind("id", "a string", ref json);
        }

        if (!json.TryReadString(out var id))
        {
            return RequestErrors.Json(json);
        }

        header.Id = id.ToString();
        return null;
    }

    private InferenceError? ReadInputs(ref JsonCursor json, ModelConfig? model, InferHeader header)
    {
        if (json.Peek() != JsonKind.Array)
        {
            return RequestErrors.Kind("inputs", "an array", ref json);
        }

        var first = true;
        json.TryEnterArray();
        while (!json.Failed && json.TryNextElement(ref first))
        {
            if (header.Inputs.Count == options.MaxTensors)
            {
                return RequestErrors.TooMany("inputs", options.MaxTensors);
            }

            if (_inputs.Read(ref json, model, header.Inputs) is { } error)
            {
                return error;
            }
        }

        return json.Failed ? RequestErrors.Json(json) : null;
    }

    private InferenceError? ReadOutputs(ref JsonCursor json, ModelConfig? model, InferHeader header)
    {
        if (json.Peek() != JsonKind.Array)
        {
            return RequestErrors.Kind("outputs", "an array", ref json);
        }

        var first = true;
        json.TryEnterArray();
        while (!json.Failed && json.TryNextElement(ref first))
        {
            if (header.Outputs.Count == options.MaxTensors)
            {
                return RequestErrors.TooMany("outputs", options.MaxTensors);
            }

            if (RequestedOutputReader.Read(ref json, model, header.Outputs) is { } error)
            {
                return error;
            }
        }

        return json.Failed ? RequestErrors.Json(json) : null;
    }

    [Flags]
    private enum Members
    {
        None = 0,
        Inputs = 1,
        Outputs = 2,
        Id = 4,
        Parameters = 8,
    }
}
