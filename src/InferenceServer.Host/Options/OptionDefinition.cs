using System.Globalization;

namespace InferenceServer.Host.Options;

/// <summary>One setting: its name on the command line, its key in configuration files and the environment, and what it does.</summary>
/// <param name="Flag">The name on the command line, without the dashes. Triton's name where Triton has the option.</param>
/// <param name="Key">The key under <c>InferenceServer</c> in appsettings.json; in the environment <c>InferenceServer__Key</c>.</param>
/// <param name="Kind">What values it takes.</param>
/// <param name="Default">The default, as text.</param>
/// <param name="Help">One sentence for <c>--help</c>.</param>
internal sealed record OptionDefinition(string Flag, string Key, OptionKind Kind, string Default, string Help)
{
    /// <summary>Another name for the same flag.</summary>
    public string? Alias { get; init; }

    /// <summary>The smallest number allowed.</summary>
    public long Minimum { get; init; }

    /// <summary>The largest number allowed.</summary>
    public long Maximum { get; init; } = long.MaxValue;

    /// <summary>What a number counts.</summary>
    public OptionUnit Unit { get; init; }

    /// <summary>The words allowed, for <see cref="OptionKind.Word"/>.</summary>
    public string[] Words { get; init; } = [];

    /// <summary>True where Triton has a flag of that name too.</summary>
    public bool IsTritons => TritonOptions.Flags.Contains(Flag);

    /// <summary>What values it takes, in words.</summary>
    public string Takes => Kind switch
    {
        OptionKind.Boolean => "true or false",
        OptionKind.Word => string.Join(", ", Words),
        OptionKind.Number => string.Create(CultureInfo.InvariantCulture, $"{(Unit == OptionUnit.Count ? "number" : Unit.ToString().ToLowerInvariant())}, {Minimum}{(Maximum == long.MaxValue ? " or more" : $" to {Maximum}")}"),
        OptionKind.List => "text, several times",
        _ => "text",
    };
}
