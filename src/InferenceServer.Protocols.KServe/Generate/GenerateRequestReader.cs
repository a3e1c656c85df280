using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Generate;

/// <summary>
/// Reads the JSON object of a generate request (Triton's generate extension). A member, of the object itself or of its member
/// <c>parameters</c>, is an input of the model when it has an input's name, and a parameter of the request otherwise; <c>id</c> of the
/// object itself is the request's id.
/// </summary>
internal sealed class GenerateRequestReader(ITensorAllocator allocator, KServeHttpOptions options) : IBodyReader
{
    private readonly GenerateInputReader _inputs = new(allocator, options.MaxInputSize);

    public string SizeName => "request JSON size";

    public string Expected => "a JSON object of inputs and parameters";

    public InferenceError? Read(ReadOnlySpan<byte> body, ModelConfig model, InferHeader header)
    {
        var json = new JsonCursor(body);
        if (!json.Failed && json.Peek() is not JsonKind.Object and not JsonKind.Other and not JsonKind.End)
        {
            return RequestErrors.Kind("the request", "an object of inputs and parameters", ref json);
        }

        if (!json.TryEnterObject())
        {
            return RequestErrors.Json(json);
        }

        return ReadMembers(ref json, model, header, isOutermost: true) ?? (json.TryEnd() ? null : RequestErrors.Json(json));
    }

    private InferenceError? ReadMembers(ref JsonCursor json, ModelConfig model, InferHeader header, bool isOutermost)
    {
        var first = true;
        var hasId = false;
        var hasParameters = false;
        while (json.TryNextMember(ref first, out var name))
        {
            InferenceError? error;
            if (isOutermost && name.Is("parameters"u8))
            {
                error = hasParameters ? Skip(ref json) : ReadParameters(ref json, model, header);
                hasParameters = true;
            }
            else if (Find(model, name) is { } input)
            {
                error = header.Inputs.Count == options.MaxTensors ? RequestErrors.TooMany("inputs", options.MaxTensors) : _inputs.Read(ref json, input, header.Inputs);
            }
            else if (isOutermost && name.Is("id"u8))
            {
                error = hasId ? Skip(ref json) : InferHeaderReader.ReadId(ref json, header);
                hasId = true;
            }
            else
            {
                error = ReadParameter(ref json, name, header);
            }

            if (error is not null)
            {
                return error;
            }
        }

        return json.Failed ? RequestErrors.Json(json) : null;
    }

    private InferenceError? ReadParameters(ref JsonCursor json, ModelConfig model, InferHeader header)
    {
        if (json.Peek() != JsonKind.Object)
        {
            return RequestErrors.Kind("parameters", "an object", ref json);
        }

        return json.TryEnterObject() ? ReadMembers(ref json, model, header, isOutermost: false) : RequestErrors.Json(json);
    }

    private InferenceError? ReadParameter(ref JsonCursor json, scoped JsonText name, InferHeader header) =>
        name.Length > InferHeaderReader.MaxNameLength ? RequestErrors.NameTooLong("parameters", name.Length, InferHeaderReader.MaxNameLength)
        : header.Parameters.Count == options.MaxParameters ? RequestErrors.TooMany("parameters", options.MaxParameters)
        : RequestParametersReader.ReadOne(ref json, name.ToString(), header);

    private static InferenceError? Skip(ref JsonCursor json) => json.TrySkip() ? null : RequestErrors.Json(json);

    private static ModelTensor? Find(ModelConfig model, scoped JsonText name)
    {
        foreach (var input in model.Inputs)
        {
            if (name.Is(input.Name))
            {
                return input;
            }
        }

        return null;
    }
}
