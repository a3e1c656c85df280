namespace InferenceServer.Core.Lifecycle;

/// <summary>The class labels of one output: line <c>i</c> of its label file names class <c>i</c>. Immutable; the text is kept once, as bytes.</summary>
public sealed class ClassLabels
{
    /// <summary>The most bytes of one label.</summary>
    public const int MaxLabelBytes = 4096;

    private readonly byte[] _text;
    private readonly int[] _ends;

    private ClassLabels(byte[] text, int[] ends)
    {
        _text = text;
        _ends = ends;
    }

    /// <summary>The labels of an output that has none.</summary>
    public static ClassLabels None { get; } = new([], []);

    /// <summary>How many classes have a line, be it an empty one.</summary>
    public int Count => _ends.Length;

    /// <summary>The label of a class, as the bytes that the file has; empty when it has none.</summary>
    public ReadOnlySpan<byte> this[long index]
    {
        get
        {
            if (index < 0 || index >= _ends.Length)
            {
                return default;
            }

            // Each line is followed by its line feed, or by one carriage return and a line feed.
            var start = index == 0 ? 0 : _ends[index - 1] + 1;
            var line = _text.AsSpan(start, _ends[index] - start);
            return line is [.., (byte)'\r'] ? line[..^1] : line;
        }
    }

    /// <summary>Cuts a file's content into lines; takes the array over.</summary>
    /// <param name="text">The content. A byte order mark in front is no part of the first label.</param>
    /// <param name="maxLines">The most lines that there may be.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="problem">Which limit is passed, as half a sentence; empty when none is.</param>
    internal static bool TryParse(byte[] text, int maxLines, out ClassLabels labels, out string problem)
    {
        labels = None;
        if (text is [0xEF, 0xBB, 0xBF, ..])
        {
            text = text[3..];
        }

        var ends = new List<int>();
        for (var start = 0; start < text.Length;)
        {
            var length = text.AsSpan(start).IndexOf((byte)'\n');
            var end = length < 0 ? text.Length : start + length;
            if (end - start > MaxLabelBytes)
            {
                problem = $"line {ends.Count + 1} has {end - start} bytes, expected at most {MaxLabelBytes}";
                return false;
            }

            if (ends.Count == maxLines)
            {
                problem = $"it has more than {maxLines} lines";
                return false;
            }

            ends.Add(end);
            start = end + 1;
        }

        labels = new ClassLabels(text, [.. ends]);
        problem = "";
        return true;
    }
}
