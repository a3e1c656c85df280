namespace InferenceServer.Host.Options;

/// <summary>What the command line says, before its values are read.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<OptionDefinition, List<string>> _values = [];

    private CommandLine()
    {
    }

    /// <summary>True for <c>--help</c>.</summary>
    public bool WantsHelp { get; private set; }

    /// <summary>The word that stands before the options and says what else is to be done than to serve.</summary>
    public const string Check = "check";

    /// <summary>The same for asking a server that runs on this machine.</summary>
    public const string Probe = "probe";

    /// <summary>True for <c>probe</c>: a running server is to be asked, and nothing served.</summary>
    public bool WantsProbe { get; private set; }

    /// <summary>True for <c>check</c>: the repositories are to be checked and nothing served.</summary>
    public bool WantsCheck { get; private set; }

    /// <summary>True for <c>--version</c>.</summary>
    public bool WantsVersion { get; private set; }

    /// <summary>What cannot be understood, one sentence each.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Reads <c>--flag=value</c>, <c>--flag value</c> and, for booleans, <c>--flag</c> alone.</summary>
    public static CommandLine Parse(ReadOnlySpan<string> args)
    {
        var line = new CommandLine();
        for (var i = 0; i < args.Length; i++)
        {
            var arg = args[i];
            if (arg is "--help" or "-h" or "-?")
            {
                line.WantsHelp = true;
            }
            else if (arg is "--version")
            {
                line.WantsVersion = true;
            }
            else if (i == 0 && arg == Check)
            {
                line.WantsCheck = true;
            }
            else if (i == 0 && arg == Probe)
            {
                line.WantsProbe = true;
            }
            else if (line.WantsCheck && !arg.StartsWith('-'))
            {
                line.Add(OptionTable.ModelRepository, arg);
            }
            else if (!arg.StartsWith("--", StringComparison.Ordinal))
            {
                line.Errors.Add($"unexpected argument '{arg}', expected --option=value");
            }
            else
            {
                line.ParseOption(args, ref i);
            }
        }

        return line;
    }

    /// <summary>The values given for an option; empty when it is not on the command line.</summary>
    public IReadOnlyList<string> Values(OptionDefinition option) => _values.TryGetValue(option, out var values) ? values : [];

    private static string Explain(string flag)
    {
        if (ForeignOptions.Reasons.TryGetValue(flag, out var reason))
        {
            return $"option '--{flag}' of Triton is not here: {reason}";
        }

        var near = Nearest.Of(flag, OptionTable.All.Select(static candidate => candidate.Flag));
        return $"unknown option '--{flag}'{(near is null ? "" : $"; did you mean '--{near}'?")}";
    }

    /// <summary>True for the words of a boolean: after check, anything else that follows one is a repository.</summary>
    private static bool IsBoolean(string word) => word.ToUpperInvariant() is "TRUE" or "ON" or "1" or "FALSE" or "OFF" or "0";

    private void ParseOption(ReadOnlySpan<string> args, ref int i)
    {
        var text = args[i].AsSpan(2);
        var equals = text.IndexOf('=');
        var flag = (equals < 0 ? text : text[..equals]).ToString();
        var option = OptionTable.All.FirstOrDefault(candidate => candidate.Flag == flag || candidate.Alias == flag);
        if (option is null)
        {
            Errors.Add(Explain(flag));

            // Its value is not an argument of its own.
            if (equals < 0 && i + 1 < args.Length && !args[i + 1].StartsWith('-'))
            {
                i++;
            }

            return;
        }

        string value;
        if (equals >= 0)
        {
            value = text[(equals + 1)..].ToString();
        }
        else if (option.Kind == OptionKind.Boolean && (i + 1 == args.Length || args[i + 1].StartsWith("--", StringComparison.Ordinal) || (WantsCheck && !IsBoolean(args[i + 1]))))
        {
            value = "true";
        }
        else if (i + 1 < args.Length)
        {
            value = args[++i];
        }
        else
        {
            Errors.Add($"option '--{flag}' has no value");
            return;
        }

        Add(option, value);
    }

    private void Add(OptionDefinition option, string value)
    {
        if (!_values.TryGetValue(option, out var values))
        {
            _values[option] = values = [];
        }

        values.Add(value);
    }
}
