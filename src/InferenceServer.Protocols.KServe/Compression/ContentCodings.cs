using System.Globalization;
using System.IO.Compression;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Compression;

/// <summary>Reads the headers that name content codings (RFC 9110, sections 8.4 and 12.5.3).</summary>
internal static class ContentCodings
{
    /// <summary>What the header <c>Accept-Encoding</c> of a refusal says.</summary>
    public const string Supported = "gzip, deflate";

    /// <summary>Reads <c>Content-Encoding</c>: one coding, and not a list of them.</summary>
    public static bool TryParse(in StringValues header, out ContentCoding coding)
    {
        coding = ContentCoding.Identity;
        return header.Count == 0 || TryParse(header.ToString(), out coding);
    }

    /// <summary>
    /// Chooses what to answer in from <c>Accept-Encoding</c>: the coding of the greatest weight, of equal ones the first. What is unknown,
    /// malformed or of no weight does not count, nor does <c>*</c>; a client that names nothing gets the bytes as they are.
    /// </summary>
    public static ContentCoding Choose(in StringValues header)
    {
        var best = ContentCoding.Identity;
        var greatest = 0d;
        foreach (var line in header)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                if (TryParseWeighted(line.AsSpan(range), out var coding, out var weight) && weight > greatest)
                {
                    (best, greatest) = (coding, weight);
                }
            }
        }

        return best;
    }

    /// <summary>The coding's name on the wire.</summary>
    public static string NameOf(ContentCoding coding) => coding switch
    {
        ContentCoding.Gzip => "gzip",
        ContentCoding.Deflate => "deflate",
        _ => "identity",
    };

    /// <summary>A stream that writes what it is given to <paramref name="destination"/>, compressed; that one stays open.</summary>
    public static Stream Compress(ContentCoding coding, Stream destination, CompressionLevel level) => coding == ContentCoding.Gzip
        ? new GZipStream(destination, level, leaveOpen: true)
        : new ZLibStream(destination, level, leaveOpen: true);

    private static bool TryParse(ReadOnlySpan<char> name, out ContentCoding coding)
    {
        coding = name.Equals("gzip", StringComparison.OrdinalIgnoreCase) ? ContentCoding.Gzip
            : name.Equals("deflate", StringComparison.OrdinalIgnoreCase) ? ContentCoding.Deflate
            : ContentCoding.Identity;
        return coding != ContentCoding.Identity || name.Equals("identity", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryParseWeighted(ReadOnlySpan<char> entry, out ContentCoding coding, out double weight)
    {
        weight = 1;
        var semicolon = entry.IndexOf(';');
        if (!TryParse((semicolon < 0 ? entry : entry[..semicolon]).Trim(), out coding))
        {
            return false;
        }

        if (semicolon < 0)
        {
            return true;
        }

        var parameter = entry[(semicolon + 1)..].Trim();
        return parameter is ['q' or 'Q', '=', ..]
            && double.TryParse(parameter[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weight)
            && weight <= 1;
    }
}
