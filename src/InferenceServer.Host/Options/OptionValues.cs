using System.Globalization;

namespace InferenceServer.Host.Options;

/// <summary>The values of single options, read as what they should be; what is not is told and the default taken, so that everything that is wrong is found at once.</summary>
/// <param name="section">appsettings.json and the environment.</param>
/// <param name="line">The command line.</param>
/// <param name="errors">Where errors go.</param>
internal sealed class OptionValues(IConfigurationSection section, CommandLine line, List<string> errors)
{
    /// <summary>What was given for an option, and where: the command line goes before the environment and the file, and what is nowhere is the default.</summary>
    public (IReadOnlyList<string> Values, string Source) Raw(OptionDefinition option)
    {
        var values = line.Values(option);
        if (values.Count > 0)
        {
            return (values, $"--{option.Flag}");
        }

        var own = section.GetSection(option.Key);
        var source = $"{ServerOptionsReader.Section}:{option.Key}";
        var children = own.GetChildren().Select(static child => child.Value).OfType<string>().ToArray();
        if (children.Length > 0)
        {
            return (children, source);
        }

        return own.Value is { } value ? ([value], source) : ([option.Default], $"--{option.Flag}");
    }

    /// <summary>A text that must not be empty.</summary>
    public string Text(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        if (values[^1].Length == 0)
        {
            errors.Add($"{source}: expected a text, got nothing");
        }

        return values[^1];
    }

    /// <summary>A truth value.</summary>
    public bool Boolean(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        switch (values[^1].ToUpperInvariant())
        {
            case "TRUE" or "ON" or "1":
                return true;
            case "FALSE" or "OFF" or "0":
                return false;
            default:
                errors.Add($"{source}: expected true or false, got '{values[^1]}'");
                return option.Default == "true";
        }
    }

    /// <summary>A whole number within the bounds of its option.</summary>
    public long Number(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        if (long.TryParse(values[^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= option.Minimum && number <= option.Maximum)
        {
            return number;
        }

        var upper = option.Maximum == long.MaxValue ? "" : $" and at most {option.Maximum}";
        errors.Add($"{source}: expected a whole number of at least {option.Minimum}{upper}, got '{values[^1]}'");
        return long.Parse(option.Default, CultureInfo.InvariantCulture);
    }

    /// <summary>One of the words of its option.</summary>
    public string Word(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        var word = option.Words.FirstOrDefault(candidate => candidate.Equals(values[^1], StringComparison.OrdinalIgnoreCase));
        if (word is null)
        {
            errors.Add($"{source}: expected {string.Join(" or ", option.Words)}, got '{values[^1]}'");
        }

        return word ?? option.Default;
    }

    /// <summary>A number of milliseconds, the largest of which stands for no end.</summary>
    public TimeSpan Milliseconds(OptionDefinition option) =>
        Number(option) is var number && number == OptionTable.Never ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(number);
}
