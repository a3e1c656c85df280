using System.Text;
using InferenceServer.Core.Lifecycle;
using InferenceServer.FuzzTests.Engine;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>A file of class labels: the lines are those that a simple split gives.</summary>
internal sealed class LabelFileTarget : IFuzzTarget
{
    private const int MaxLines = 50;

    public string Name => "label-file";

    public IReadOnlyList<byte[]> Seeds { get; } = [[.. "cat\ndog\r\nbird"u8], [.. "\u00EF\u00BB\u00BFone\n\n"u8], [0xEF, 0xBB, 0xBF, (byte)'a'], [.. new byte[4100].Select(static _ => (byte)'x')]];

    public IReadOnlyList<string> Words { get; } = ["\n", "\r\n", "\r", "\uFEFF", "\0"];

    public string Run(byte[] input)
    {
        if (!ClassLabels.TryParse([.. input], MaxLines, out var labels, out var problem))
        {
            Check.That(problem.Length > 0 && labels.Count == 0, $"refused with '{problem}' and {labels.Count} labels");
            return problem.Contains("lines", StringComparison.Ordinal) ? "too many lines" : "too long a line";
        }

        // Latin-1 has a character for each byte.
        var text = Encoding.Latin1.GetString(input is [0xEF, 0xBB, 0xBF, ..] ? input[3..] : input);
        var lines = text.Length == 0 ? [] : text.Split('\n');
        lines = lines is [.., ""] ? lines[..^1] : lines;
        Check.That(labels.Count == lines.Length, $"{labels.Count} labels of {lines.Length} lines");
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].EndsWith('\r') ? lines[i][..^1] : lines[i];
            Check.That(Encoding.Latin1.GetString(labels[i]) == line, $"label {i} is not its line");
        }

        Check.That(labels[-1].IsEmpty && labels[labels.Count].IsEmpty, "there are labels beyond the lines");
        return $"read {Math.Min(labels.Count, 8)}";
    }
}
