using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace InferenceServer.Backends.LightGbm.Text;

/// <summary>The fields of one part of a model's text, <c>name=value</c> a line.</summary>
/// <param name="part">What the part is called in an error.</param>
internal sealed class TextFields(string part)
{
    /// <summary>The library reads so many lines of a tree and no more.</summary>
    private const int MaxFields = 22;

    private readonly Dictionary<string, (int Start, int Length)> _fields = new(StringComparer.Ordinal);

    /// <summary>Takes a line in.</summary>
    /// <param name="lines">The line.</param>
    /// <param name="mayLackValue">True where a line may be a name alone.</param>
    /// <exception cref="TextFault">It is no field, or the part has it already.</exception>
    public void Add(in TextLines lines, bool mayLackValue)
    {
        var line = lines.Line;
        var equals = line.IndexOf((byte)'=');
        var name = equals < 0 ? line : line[..equals];
        if ((equals < 0 && !mayLackValue) || name.IsEmpty || name.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        {
            throw new TextFault($"line {lines.Number}: expected a field of {part}, name=value");
        }

        var key = Encoding.ASCII.GetString(name);
        if (!_fields.TryAdd(key, equals < 0 ? (lines.Next, 0) : (lines.Start + equals + 1, line.Length - equals - 1)))
        {
            throw new TextFault($"line {lines.Number}: the field '{key}' comes a second time in {part}");
        }

        if (!mayLackValue && _fields.Count > MaxFields)
        {
            throw new TextFault($"line {lines.Number}: expected at most {MaxFields} fields in {part}");
        }
    }

    public bool Has(string name) => _fields.ContainsKey(name);

    /// <summary>Where the value of a field begins; null when there is none.</summary>
    public int? StartOf(string name) => _fields.TryGetValue(name, out var field) ? field.Start : null;

    /// <summary>The value of a field.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> text, string name) =>
        _fields.TryGetValue(name, out var field) ? text.Slice(field.Start, field.Length) : throw Missing(name);

    /// <summary>A whole number.</summary>
    public int Whole(ReadOnlySpan<byte> text, string name, int min, int max)
    {
        var value = Value(text, name);
        return Utf8Parser.TryParse(value, out int number, out var used) && used == value.Length && number >= min && number <= max
            ? number
            : throw Wrong(name, $"a whole number from {min} to {max}", value);
    }

    /// <summary>How many words a field has.</summary>
    public int CountWords(ReadOnlySpan<byte> text, string name)
    {
        var count = 0;
        var rest = Value(text, name);
        while (TryWord(ref rest, out _))
        {
            count++;
        }

        return count;
    }

    /// <summary>Holds a field of numbers to their count, if the part has it.</summary>
    public void CheckCount(ReadOnlySpan<byte> text, string name, int expected, bool isNeeded)
    {
        if ((isNeeded || Has(name)) && CountWords(text, name) is var count && count != expected)
        {
            throw new TextFault($"the field '{name}' of {part}: expected {Say(expected)} numbers, got {Say(count)}");
        }
    }

    /// <summary>Whole numbers.</summary>
    public int[] Wholes(ReadOnlySpan<byte> text, string name, int expected, long min, long max)
    {
        CheckCount(text, name, expected, isNeeded: true);
        var numbers = new int[expected];
        var rest = Value(text, name);
        for (var i = 0; TryWord(ref rest, out var word); i++)
        {
            if (!Utf8Parser.TryParse(word, out long number, out var used) || used != word.Length || number < min || number > max)
            {
                throw Wrong(name, $"whole numbers from {Say(min)} to {Say(max)}", word);
            }

            numbers[i] = unchecked((int)number);
        }

        return numbers;
    }

    /// <summary>Numbers.</summary>
    public double[] Numbers(ReadOnlySpan<byte> text, string name, int expected)
    {
        CheckCount(text, name, expected, isNeeded: true);
        var numbers = new double[expected];
        var rest = Value(text, name);
        for (var i = 0; TryWord(ref rest, out var word); i++)
        {
            numbers[i] = Utf8Parser.TryParse(word, out double number, out var used) && used == word.Length ? number : throw Wrong(name, "numbers", word);
        }

        return numbers;
    }

    /// <summary>The next word of a text that spaces divide.</summary>
    public static bool TryWord(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> word)
    {
        rest = rest.TrimStart((byte)' ');
        var end = rest.IndexOf((byte)' ');
        word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return !word.IsEmpty;
    }

    public TextFault Missing(string name) => new($"{part} lacks the field '{name}'");

    private TextFault Wrong(string name, string expected, ReadOnlySpan<byte> got)
    {
        const int shown = 40;
        var text = Encoding.UTF8.GetString(got[..Math.Min(got.Length, shown)]);
        return new TextFault($"the field '{name}' of {part}: expected {expected}, got '{string.Concat(text.Where(static symbol => !char.IsControl(symbol)))}'");
    }

    private static string Say(long number) => number.ToString(CultureInfo.InvariantCulture);
}
