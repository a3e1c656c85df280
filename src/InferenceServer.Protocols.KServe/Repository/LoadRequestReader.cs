using System.Buffers;
using System.Buffers.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Repository;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>
/// Reads the body of a request to load: nothing, or <c>{"parameters": {"config": "&lt;JSON&gt;", "file:1/model.onnx": "&lt;base64&gt;"}}</c>
/// (model repository extension). Base64 is read strictly: a file with a hole in it would only fail later, and less clearly.
/// </summary>
internal static class LoadRequestReader
{
    public static InferenceError? Read(string model, ReadOnlySpan<byte> text, out ModelOverride? replacement)
    {
        replacement = null;
        var builder = new OverrideBuilder();
        var error = ControlObject.Read(text, ref builder, static (ref JsonCursor json, scoped JsonText name, ref OverrideBuilder builder) => name.Is("parameters"u8)
            ? ControlObject.ReadParameters(ref json, ref builder, ReadParameter)
            : ControlObject.Skip(ref json));
        return error ?? builder.Build(model, out replacement);
    }

    private static InferenceError? ReadParameter(ref JsonCursor json, scoped JsonText name, ref OverrideBuilder builder)
    {
        if (name.Length > InferHeaderReader.MaxNameLength)
        {
            return RequestErrors.NameTooLong("parameters", name.Length, InferHeaderReader.MaxNameLength);
        }

        var parameter = name.ToString();
        var isFile = parameter.StartsWith(ModelOverride.FilePrefix, StringComparison.Ordinal);
        if (!isFile && parameter != OverrideBuilder.ConfigName)
        {
            return RepositoryErrors.UnknownParameter(parameter);
        }

        if (json.Peek() != JsonKind.String)
        {
            return RequestErrors.Kind(parameter, "a string", ref json);
        }

        if (!json.TryReadString(out var value))
        {
            return RequestErrors.Json(json);
        }

        var bytes = new byte[value.Length];
        value.CopyTo(bytes);
        if (!isFile)
        {
            builder.Config ??= bytes;
            return null;
        }

        return Base64.DecodeFromUtf8InPlace(bytes, out var written) == OperationStatus.Done
            ? builder.AddFile(parameter, bytes.AsMemory(0, written))
            : RepositoryErrors.NotBase64(parameter);
    }
}
