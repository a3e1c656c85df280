using System.Collections.Immutable;
using System.Globalization;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>
/// Collects the problems of one file. Bounded, because a file of rubbish can hold as many mistakes as bytes and nobody reads more
/// than the first screenful.
/// </summary>
internal sealed class ProblemList(string file)
{
    private const int MaxProblems = 50;
    private const int MaxLength = 1000;
    private readonly List<ConfigProblem> _problems = [];
    private int _count;

    public bool IsEmpty => _count == 0;

    /// <summary>How many problems there are, those that are only counted among them.</summary>
    public int Count => _count;

    /// <summary>True when further problems are only counted, so that thinking up suggestions for them is wasted.</summary>
    public bool IsFull => _problems.Count >= MaxProblems;

    public void Add(ConfigPosition position, string message, string? suggestion = null)
    {
        _count++;
        if (!IsFull)
        {
            _problems.Add(new ConfigProblem(file, position.Line, position.Column, OneLine(message), suggestion is null ? null : OneLine(suggestion)));
        }
    }

    /// <summary>The problems in the order of the file; those that were found first come first where two share a place.</summary>
    public ImmutableArray<ConfigProblem> ToImmutable()
    {
        var sorted = _problems.OrderBy(static problem => problem.Line).ThenBy(static problem => problem.Column);
        return _count > _problems.Count
            ? [.. sorted, new ConfigProblem(file, 0, 0, string.Create(CultureInfo.InvariantCulture, $"{_count - _problems.Count} more problems are not shown"), null)]
            : [.. sorted];
    }

    // Messages quote names and values from outside; a log line must stay one line of bearable length.
    private static string OneLine(string text)
    {
        var cut = text.Length <= MaxLength ? text : text[..MaxLength] + "...";
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
