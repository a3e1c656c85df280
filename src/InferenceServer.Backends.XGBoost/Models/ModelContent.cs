using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>
/// A model's content, found to be sound. The library believes the links and numbers that it reads, and a damaged file may have it read where it must not, with which the
/// server would end. So nothing reaches it that has not passed here.
/// </summary>
/// <param name="Shape">What it tells.</param>
/// <param name="Bytes">What the library is to read.</param>
internal sealed record ModelContent(TreeModelShape Shape, ReadOnlyMemory<byte> Bytes)
{
    private static readonly JsonDocumentOptions s_options = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>Reads a model of any of the library's formats, which it tells apart by their first bytes.</summary>
    /// <param name="file">The file.</param>
    /// <param name="model">The model; null when it is not sound.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    public static bool TryRead(ReadOnlyMemory<byte> file, [NotNullWhen(true)] out ModelContent? model, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            model = Read(file);
            problem = null;
            return true;
        }
        catch (ModelFault fault)
        {
            (model, problem) = (null, fault.Message);
        }
        catch (JsonException exception)
        {
            (model, problem) = (null, $"it is no sound JSON: {exception.Message}");
        }

        return false;
    }

    private static ModelContent Read(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        if (bytes.StartsWith("binf"u8))
        {
            return new ModelContent(BinaryModel.Read(bytes), file);
        }

        var start = bytes.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0 || bytes[start] != '{')
        {
            throw new ModelFault("expected a model as XGBoost's save_model writes it: JSON, UBJSON, or the binary form of versions before 2.0");
        }

        var second = bytes[(start + 1)..].IndexOfAnyExcept(" \t\r\n"u8);
        var isText = second >= 0 && bytes[start + 1 + second] is (byte)'"' or (byte)'}';

        if (isText && !Utf8.IsValid(bytes))
        {
            throw new ModelFault("it is no sound JSON: it has bytes that are no UTF-8");
        }

        // What was checked is what the library gets, not what it may make of the same bytes; and it takes no spaces at the beginning.
        ReadOnlyMemory<byte> json = isText ? file : UbjReader.ToJson(bytes);
        using var document = JsonDocument.Parse(json, s_options);
        var shape = JsonModel.Read(document.RootElement);
        return new ModelContent(shape, isText && (start > 0 || second > 0) ? Compact(document) : json);
    }

    private static byte[] Compact(JsonDocument document)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            document.RootElement.WriteTo(writer);
        }

        return stream.ToArray();
    }
}
