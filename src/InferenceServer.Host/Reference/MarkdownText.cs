using System.Collections.Immutable;
using System.Text;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Host.Reference;

/// <summary>A page of Markdown, written from its top to its end, with the same line ends on every system.</summary>
internal sealed class MarkdownText
{
    private readonly StringBuilder _text = new();

    /// <summary>A heading.</summary>
    public void Heading(int level, string title) => Line($"{new string('#', level)} {title}").Line("");

    /// <summary>A paragraph, which is Markdown already.</summary>
    public void Paragraph(string text) => Line(text).Line("");

    /// <summary>A block of code.</summary>
    public void Code(IEnumerable<string> lines) => Line("```").Line(string.Join('\n', lines)).Line("```").Line("");

    /// <summary>A table, whose cells are Markdown already.</summary>
    public void Table(ImmutableArray<string> heads, IEnumerable<ImmutableArray<string>> rows)
    {
        Row(heads);
        Row([.. heads.Select(static _ => "---")]);
        foreach (var row in rows)
        {
            Row(row);
        }

        Line("");
    }

    /// <summary>A table of settings.</summary>
    public void Settings(string what, IEnumerable<SettingDescription> settings) =>
        Table([what, "takes", "default", "what it does"], settings.Select(static one => ImmutableArray.Create(Name(one.Name), Plain(one.Takes), one.Default.Length == 0 ? "must be given" : Plain(one.Default), Plain(one.Help))));

    /// <summary>A name as it is written in files and on command lines.</summary>
    public static string Name(string name) => $"`{name.Replace("|", "\\|", StringComparison.Ordinal)}`";

    /// <summary>A text that is no Markdown: nothing of it may be taken for any. Flags in it are set as code.</summary>
    public static string Plain(string text) => string.Join(' ', text.Split(' ').Select(Word));

    public override string ToString() => _text.ToString().TrimEnd('\n') + "\n";

    private static string Word(string word)
    {
        var safe = word.Replace("|", "\\|", StringComparison.Ordinal);
        var end = safe.TrimEnd('.', ',', ';', ':', ')');
        return end.StartsWith("--", StringComparison.Ordinal) || end.AsSpan().ContainsAny("<>*_`") ? $"`{end}`{safe[end.Length..]}" : safe;
    }

    private void Row(ImmutableArray<string> cells) => Line($"| {string.Join(" | ", cells)} |");

    private MarkdownText Line(string line)
    {
        _text.Append(line).Append('\n');
        return this;
    }
}
