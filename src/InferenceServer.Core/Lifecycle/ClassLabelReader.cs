using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Reads the label files that a model's outputs name, when the model is loaded.</summary>
internal sealed class ClassLabelReader(IFileSystem files, EntryGuard guard)
{
    /// <summary>The most bytes that a label file may have.</summary>
    public const int MaxFileBytes = 32 << 20;

    /// <summary>The most lines: as many as an output that is classified may have elements.</summary>
    public const int MaxLines = 1_000_000;

    /// <summary>Reads the labels of every output that has some.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="config">The configuration, whose file names have been found to stay in that folder.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BackendException">A file is missing or unreadable, or passes a limit.</exception>
    public async Task<ImmutableDictionary<string, ClassLabels>> ReadAsync(string folder, ModelConfig config, CancellationToken cancellationToken)
    {
        var labels = ImmutableDictionary.CreateBuilder<string, ClassLabels>(StringComparer.Ordinal);
        foreach (var output in config.Outputs)
        {
            if (output.LabelFilename is { } name)
            {
                labels[output.Name] = await ReadAsync(folder, output.Name, name, cancellationToken).ConfigureAwait(false);
            }
        }

        return labels.ToImmutable();
    }

    private async Task<ClassLabels> ReadAsync(string folder, string output, string name, CancellationToken cancellationToken)
    {
        if (guard.FindProblem(folder, name) is { } refusal)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"label_filename of output '{output}': '{name}' {refusal}");
        }

        byte[] text;
        try
        {
            var stream = files.FileStream.New(files.Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.Read);
            await using (stream.ConfigureAwait(false))
            {
                text = await ReadAsync(stream, output, name, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = exception is FileNotFoundException or DirectoryNotFoundException ? "is not in the model's folder" : "cannot be read";
            throw new BackendException(ErrorCode.Unavailable, $"label_filename of output '{output}': '{name}' {why}", exception);
        }

        return ClassLabels.TryParse(text, MaxLines, out var labels, out var problem)
            ? labels
            : throw new BackendException(ErrorCode.InvalidArgument, $"label_filename of output '{output}': '{name}' cannot be used: {problem}");
    }

    private static async Task<byte[]> ReadAsync(Stream stream, string output, string name, CancellationToken cancellationToken)
    {
        if (stream.Length > MaxFileBytes)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"label_filename of output '{output}': '{name}' has {stream.Length} bytes, expected at most {MaxFileBytes}");
        }

        var text = new byte[stream.Length];
        await stream.ReadExactlyAsync(text, cancellationToken).ConfigureAwait(false);
        return text;
    }
}
