using System.Globalization;

namespace InferenceServer.Core.Configuration;

/// <summary>One mistake in a model's configuration, or one thing in it that has no effect, with its place.</summary>
/// <param name="File">The file's name without its folder, such as <c>config.pbtxt</c>.</param>
/// <param name="Line">The line, counted from 1; 0 when the problem is with the file as a whole.</param>
/// <param name="Column">The character in the line, counted from 1; 0 when the problem is with the file as a whole.</param>
/// <param name="Message">What is wrong: the field, what was expected and what came.</param>
/// <param name="Suggestion">What to write instead, where that can be told.</param>
public sealed record ConfigProblem(string File, int Line, int Column, string Message, string? Suggestion)
{
    /// <summary>File, place, message and suggestion in one line, in the form that editors and terminals make clickable.</summary>
    public override string ToString()
    {
        var place = Line == 0 ? File : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
        return Suggestion is null ? $"{place}: {Message}" : $"{place}: {Message}; {Suggestion}";
    }
}
