using System.Buffers.Binary;
using System.Globalization;
using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Text;
using InferenceServer.Backends.Onnx.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>
/// The name that an optimised graph is kept under: a hash over all that it depends on. That is the content of the model's file and of the files that it names, of the
/// libraries of operators, every option that changes a graph, the engine, and the processor.
/// </summary>
internal static class GraphKey
{
    /// <summary>Changes with what is written and with how it is read.</summary>
    private const string Format = "optimised graph 1";

    /// <summary>Entries that say how a graph is read, written or rewritten, and so contradict what is done here.</summary>
    private static readonly string[] s_contradicting =
        ["session.graph_optimization_level", "session.load_model_format", "session.save_model_format", "session.save_external_prepacked", "session.optimized_model"];

    /// <summary>Why a model with these settings has no graph that could be kept; null when it may have one.</summary>
    public static string? WhyNone(SessionSettings settings) =>
        settings.Optimization == GraphOptimizationLevel.ORT_DISABLE_ALL ? "its graph is not optimised"
        : settings.Entries.Select(static entry => entry.Key).FirstOrDefault(static key => s_contradicting.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))) is { } entry ? $"the parameter '{entry}' speaks of how graphs are read or written"
        : null;

    /// <summary>Makes the name.</summary>
    /// <exception cref="InvalidDataException">It is no model that can be kept; the message says why.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static string Of(IFileSystem files, string modelFile, SessionSettings settings, CancellationToken cancellation)
    {
        var folder = Path.GetDirectoryName(modelFile)!;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Format);
        Append(hash, OrtEnv.Instance().GetVersionString());
        AppendAll(hash, OrtEnv.Instance().GetAvailableProviders());
        Append(hash, MachineTraits.Read(files));
        Append(hash, settings.Optimization.ToString());
        AppendAll(hash, [.. settings.FreeDimensions.Select(static one => string.Create(CultureInfo.InvariantCulture, $"{one.IsDenotation} {one.Size} {one.Name}"))]);
        AppendAll(hash, [.. settings.Entries.OrderBy(static entry => entry.Key, StringComparer.Ordinal).SelectMany(static entry => new[] { entry.Key, entry.Value })]);
        AppendFiles(hash, files, settings.Files.Libraries, cancellation);
        AppendFiles(hash, files, [modelFile, .. ExternalFiles(files, modelFile, folder)], cancellation);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The files beside a model's in which weights of it lie.</summary>
    /// <exception cref="InvalidDataException">It is no ONNX file as far as is needed here, or one of them lies outside of its folder.</exception>
    public static List<string> ExternalFiles(IFileSystem files, string modelFile, string folder)
    {
        using var stream = files.FileStream.New(modelFile, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 16 << 10);
        var external = new List<string>();
        foreach (var location in ExternalData.Find(stream))
        {
            if (location.Length == 0 || Path.IsPathRooted(location) || location.Split('/', '\\').Contains(".."))
            {
                throw new InvalidDataException("it has external data outside of its folder");
            }

            external.Add(Path.Combine(folder, location));
        }

        return external;
    }

    private static void AppendFiles(IncrementalHash hash, IFileSystem files, IReadOnlyCollection<string> paths, CancellationToken cancellation)
    {
        Append(hash, paths.Count);
        foreach (var path in paths)
        {
            hash.AppendData(FileDigest.OfSource(files, path, cancellation));
        }
    }

    private static void AppendAll(IncrementalHash hash, string[] texts)
    {
        Append(hash, texts.Length);
        foreach (var text in texts)
        {
            Append(hash, text);
        }
    }

    private static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
