namespace InferenceServer.Host.Identities;

/// <summary>Makes what came from outside fit for a line of a log: one line, of bearable length.</summary>
internal static class AuditText
{
    private const int MaxLength = 128;

    /// <summary>The text, cut, with a question mark for everything that is no plain character: what ends a line or turns its direction among them.</summary>
    public static string Of(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var length = Math.Min(text.Length, MaxLength);
        return string.Create(length, text, static (span, all) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(all[i]) || char.GetUnicodeCategory(all[i]) is System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator or System.Globalization.UnicodeCategory.Surrogate ? '?' : all[i];
            }
        });
    }
}
