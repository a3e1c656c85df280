using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Mirrors;

/// <summary>One model of a listing.</summary>
/// <param name="Name">Its name, which is the name of one folder.</param>
/// <param name="Objects">Its objects, by key.</param>
/// <param name="IsBareFile">True when it is a single object that is a whole model.</param>
internal sealed record RemoteModel(string Name, ImmutableArray<RemoteObject> Objects, bool IsBareFile)
{
    /// <summary>Why it cannot be mirrored whatever is tried; null when it can.</summary>
    public string? Problem { get; init; }

    /// <summary>Two listings that give the same stamp have found the same model.</summary>
    public string Stamp { get; } = Identify(Objects);

    /// <summary>When the latest of its objects was written.</summary>
    public DateTime LastWriteUtc => Objects.IsEmpty ? DateTime.MinValue : Objects.Max(static one => one.LastWriteUtc);

    /// <summary>As a scan of folders would have found it, to be held against other looks.</summary>
    public ModelFolder ToFolder() => new() { Name = Name, Path = Name, Stamp = Stamp, LastWriteUtc = LastWriteUtc };

    /// <summary>The same for the same content under the same names.</summary>
    /// <param name="objects">The objects, by key.</param>
    /// <param name="more">What else makes a difference.</param>
    public static string Identify(IEnumerable<RemoteObject> objects, params IEnumerable<string> more)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in objects.SelectMany(static one => new[] { one.Key, one.Size.ToString(CultureInfo.InvariantCulture), one.Tag }).Concat(more))
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
