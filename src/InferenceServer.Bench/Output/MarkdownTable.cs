using System.Text;

namespace InferenceServer.Bench.Output;

/// <summary>A table of Markdown whose columns are in line, so that it can be read as it is: the first columns to the left, numbers to the right.</summary>
internal sealed class MarkdownTable(int textColumns, params IReadOnlyList<string> heads)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public bool IsEmpty => _rows.Count == 0;

    public void Add(params IReadOnlyList<string> cells) => _rows.Add([.. cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal))]);

    public override string ToString()
    {
        var widths = heads.Select((head, column) => _rows.Select(row => row[column].Length).Append(head.Length).Append(3).Max()).ToList();
        var text = new StringBuilder();
        Append(text, heads, widths);
        text.Append('|');
        foreach (var (column, width) in widths.Index())
        {
            text.Append(column < textColumns ? new string('-', width + 2) : new string('-', width + 1) + ":").Append('|');
        }

        text.Append('\n');
        _rows.ForEach(row => Append(text, row, widths));
        return text.ToString();
    }

    private void Append(StringBuilder text, IReadOnlyList<string> cells, List<int> widths)
    {
        foreach (var (column, cell) in cells.Index())
        {
            text.Append("| ").Append(column < textColumns ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])).Append(' ');
        }

        text.Append("|\n");
    }
}
