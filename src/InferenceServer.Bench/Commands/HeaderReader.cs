namespace InferenceServer.Bench.Commands;

/// <summary>Reads the headers that requests carry. No message repeats a value, which may be a secret.</summary>
internal sealed class HeaderReader(Func<string, string?> environment, List<string> errors)
{
    private const string TokenMarks = "!#$%&'*+-.^_`|~";

    private static readonly HashSet<string> s_own = new(
        ["Host", "Connection", "Content-Length", "Content-Type", "Transfer-Encoding", "Content-Encoding", "Accept-Encoding", "Expect", "Inference-Header-Content-Length"], StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<KeyValuePair<string, string>> Read(IEnumerable<string> given, IEnumerable<string> fromEnvironment)
    {
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var text in given)
        {
            if (Split("--header", "value", text) is var (name, value))
            {
                Add("--header", headers, name, value);
            }
        }

        foreach (var text in fromEnvironment)
        {
            if (Split("--header-from", "VARIABLE", text) is not var (name, variable))
            {
                continue;
            }

            if (environment(variable) is { Length: > 0 } value)
            {
                Add("--header-from", headers, name, value.Trim());
            }
            else
            {
                errors.Add($"--header-from: the environment variable '{variable}' for '{name}' is not set");
            }
        }

        return headers;
    }

    private (string Name, string Value)? Split(string option, string what, string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && colon < text.Length - 1)
        {
            return (text[..colon].Trim(), text[(colon + 1)..].Trim());
        }

        errors.Add($"{option}: expected \"name: {what}\"");
        return null;
    }

    private void Add(string option, List<KeyValuePair<string, string>> headers, string name, string value)
    {
        if (name.Length == 0 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || TokenMarks.Contains(c, StringComparison.Ordinal)) || s_own.Contains(name) || name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase))
        {
            errors.Add($"{option}: '{name}' is no name of a header that can be given; expected letters, digits and hyphens, and none that the requests have by themselves");
        }
        else if (!value.All(static c => c is >= ' ' and <= '~'))
        {
            errors.Add($"{option}: the value of '{name}' must be of printable ASCII characters");
        }
        else
        {
            headers.Add(new(name, value));
        }
    }
}
