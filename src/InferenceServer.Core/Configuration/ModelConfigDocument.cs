using System.Collections.Immutable;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration;

/// <summary>
/// A model's configuration file as it was read: the message, where each field stands, and every mistake of form. Nothing in it has been
/// compared with the model yet.
/// </summary>
public sealed class ModelConfigDocument
{
    /// <summary>The most bytes that a configuration may have.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>How deep blocks may be nested.</summary>
    public const int MaxDepth = 64;

    private readonly global::Inference.ModelConfig _message;

    internal ModelConfigDocument(
        string fileName, global::Inference.ModelConfig message, ConfigPositions positions, ImmutableArray<ConfigProblem> problems)
    {
        FileName = fileName;
        _message = message;
        Positions = positions;
        Problems = problems;
    }

    /// <summary>The file's name without its folder.</summary>
    public string FileName { get; }

    /// <summary>The message, without any default filled in; a copy of its own for each caller.</summary>
    public global::Inference.ModelConfig Message => _message.Clone();

    /// <summary>Where each field stands in the file.</summary>
    public ConfigPositions Positions { get; }

    /// <summary>Every mistake of form, in the order of the file; empty when the file can be read.</summary>
    public ImmutableArray<ConfigProblem> Problems { get; }

    /// <summary>Reads protobuf text format (<c>config.pbtxt</c>). Never throws, whatever the bytes are.</summary>
    public static ModelConfigDocument ReadText(string fileName, ReadOnlyMemory<byte> utf8) =>
        DocumentReader.ReadText(fileName, utf8);

    /// <summary>Reads the same message as JSON (<c>config.json</c>). Never throws, whatever the bytes are.</summary>
    public static ModelConfigDocument ReadJson(string fileName, ReadOnlyMemory<byte> utf8) =>
        DocumentReader.ReadJson(fileName, utf8);

    /// <summary>The document of a model without a configuration file; problems are reported as if the file were there and empty.</summary>
    public static ModelConfigDocument Empty(string fileName) => new(fileName, new global::Inference.ModelConfig(), ConfigPositions.Empty, []);
}
