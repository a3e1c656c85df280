using System.Text;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Finds the line and column of a byte in a JSON file.</summary>
internal sealed class JsonPlaces
{
    private readonly ReadOnlyMemory<byte> _utf8;
    private readonly List<int> _lineStarts = [0];

    public JsonPlaces(ReadOnlyMemory<byte> utf8)
    {
        _utf8 = utf8;
        var span = utf8.Span;
        for (var i = 0; i < span.Length; i++)
        {
            if (span[i] == (byte)'\n')
            {
                _lineStarts.Add(i + 1);
            }
        }
    }

    public ConfigPosition Of(long offset)
    {
        var at = (int)Math.Min(offset, _utf8.Length);
        var line = _lineStarts.BinarySearch(at);
        line = line < 0 ? ~line - 1 : line;
        var start = _lineStarts[line];
        return new ConfigPosition(line + 1, Encoding.UTF8.GetCharCount(_utf8.Span[start..at]) + 1);
    }

    public ConfigPosition Of(long line, long byteInLine) =>
        Of(_lineStarts[(int)Math.Min(line, _lineStarts.Count - 1)] + byteInLine);
}
