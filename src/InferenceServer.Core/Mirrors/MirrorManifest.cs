using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;
using System.Text;

namespace InferenceServer.Core.Mirrors;

/// <summary>What a unit on disk holds, as it is written beside it: so that a start with the same folder knows what it need not download.</summary>
/// <param name="Model">The model that it belongs to.</param>
/// <param name="Files">Its objects by their paths in the unit.</param>
internal sealed record MirrorManifest(string Model, ImmutableSortedDictionary<string, RemoteObject> Files)
{
    /// <summary>The name of the file.</summary>
    public const string FileName = ".manifest";

    private const string Header = "inference-server mirror 1";

    /// <summary>Bytes.</summary>
    public long Size => Files.Values.Sum(static one => one.Size);

    /// <summary>As text: one line an object. No key has a control character by now.</summary>
    public string Write()
    {
        var text = new StringBuilder().Append(Header).Append('\n').Append(Model).Append('\n');
        foreach (var (path, one) in Files)
        {
            text.Append(CultureInfo.InvariantCulture, $"{one.Size}\t{one.LastWriteUtc.Ticks}\t{Uri.EscapeDataString(one.Tag)}\t{path}\t{one.Key}\n");
        }

        return text.ToString();
    }

    /// <summary>Reads the manifest of a unit; null when there is none, or one that cannot be, or when a file is not as it says.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="folder">The unit's folder.</param>
    public static MirrorManifest? Read(IFileSystem files, string folder)
    {
        var path = files.Path.Combine(folder, FileName);
        if (!files.File.Exists(path) || files.File.ReadAllLines(path) is not [Header, var model, .. var lines])
        {
            return null;
        }

        var found = ImmutableSortedDictionary.CreateBuilder<string, RemoteObject>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (line.Split('\t') is not [var sizeText, var ticksText, var tag, var inside, var key]
                || !long.TryParse(sizeText, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                || !long.TryParse(ticksText, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) || ticks > DateTime.MaxValue.Ticks
                || RemoteKeys.FindProblem(inside) is not null
                || files.FileInfo.New(files.Path.Combine(folder, inside)) is not { Exists: true } file || file.Length != size)
            {
                return null;
            }

            found[inside] = new RemoteObject(key, size, Uri.UnescapeDataString(tag), new DateTime(ticks, DateTimeKind.Utc));
        }

        return new MirrorManifest(model, found.ToImmutable());
    }
}
