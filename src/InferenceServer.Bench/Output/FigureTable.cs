using System.Text;

namespace InferenceServer.Bench.Output;

/// <summary>A table: names in the first columns, figures in the others. As a text it is Markdown whose columns are in line, so that it can be read as it is.</summary>
/// <param name="title">What it shows.</param>
/// <param name="textColumns">How many columns have names.</param>
/// <param name="heads">The heads of all columns.</param>
internal sealed class FigureTable(string title, int textColumns, params IReadOnlyList<string> heads)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public string Title => title;

    public int TextColumns => textColumns;

    public IReadOnlyList<string> Heads => heads;

    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    public void Add(params IReadOnlyList<string> cells) => _rows.Add(cells);

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
            // A bar would end the cell.
            var safe = cell.Replace('|', '/');
            text.Append("| ").Append(column < textColumns ? safe.PadRight(widths[column]) : safe.PadLeft(widths[column])).Append(' ');
        }

        text.Append("|\n");
    }
}
