using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace InferenceServer.Host.Logging;

/// <summary>
/// Writes an event as text: one line, whatever stands in it. What clients, files and models may have written there can neither begin a line of its own nor speak to a terminal: letters that
/// control either are written as <c>\n</c>, <c>\r</c> or <c>\u001B</c>. The lines of an exception follow, each of them set in.
/// </summary>
internal sealed class LineFormatter(string template) : ITextFormatter
{
    private const string Inset = "    ";

    private readonly MessageTemplateTextFormatter _line = new(template, CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        _line.Format(logEvent, line);
        Write(line.ToString(), output);
        output.Write('\n');
        if (logEvent.Exception is { } exception)
        {
            foreach (var part in exception.ToString().Split('\n'))
            {
                output.Write(Inset);
                Write(part.TrimEnd('\r'), output);
                output.Write('\n');
            }
        }
    }

    private static void Write(ReadOnlySpan<char> text, TextWriter output)
    {
        while (FindControl(text) is >= 0 and var place)
        {
            output.Write(text[..place]);
            output.Write(text[place] switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                var other => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)other:X4}"),
            });
            text = text[(place + 1)..];
        }

        output.Write(text);
    }

    private static int FindControl(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            // The line and paragraph separators begin a line as well, for some who read logs; what follows a mark of direction is shown before what it stands behind.
            if (char.IsControl(text[i]) || text[i] is '\u2028' or '\u2029' or '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'))
            {
                return i;
            }
        }

        return -1;
    }
}
