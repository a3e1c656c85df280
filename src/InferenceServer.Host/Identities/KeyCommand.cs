using InferenceServer.Core.Access;

namespace InferenceServer.Host.Identities;

/// <summary>Makes API keys: <c>new-key</c> prints one and its entry for the access file, <c>hash-key</c> reads one and prints its hash.</summary>
internal static class KeyCommand
{
    public const string NewKey = "new-key";
    public const string HashKey = "hash-key";

    /// <summary>True for a command line that is for this.</summary>
    public static bool IsFor(string[] args) => args is [NewKey or HashKey, ..];

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, TextReader input, TextWriter output, TextWriter errors) =>
        args[0] == NewKey ? await MakeAsync(args[1..], output, errors) : await HashAsync(args[1..], input, output, errors);

    private static async Task<int> MakeAsync(string[] args, TextWriter output, TextWriter errors)
    {
        var (id, scopes, models) = ("", "inference,metadata", "*");
        foreach (var arg in args)
        {
            if (arg.StartsWith("--id=", StringComparison.Ordinal))
            {
                id = arg[5..];
            }
            else if (arg.StartsWith("--scopes=", StringComparison.Ordinal))
            {
                scopes = arg[9..];
            }
            else if (arg.StartsWith("--models=", StringComparison.Ordinal))
            {
                models = arg[9..];
            }
            else
            {
                return await FailAsync(errors, $"unexpected argument '{arg}'");
            }
        }

        if (!ApiKey.IsId(id))
        {
            return await FailAsync(errors, $"expected --id=<1 to {ApiKey.MaxIdLength} letters, digits, '-' or '_'>");
        }

        var (scopeNames, modelNames) = (scopes.Split(','), models.Split(','));
        if (scopeNames.FirstOrDefault(static name => !AccessScopeNames.ByName.ContainsKey(name)) is { } wrong)
        {
            return await FailAsync(errors, $"--scopes: expected {string.Join(", ", AccessScopeNames.ByName.Keys)}, got '{wrong}'");
        }

        var key = ApiKey.Make(id);
        await output.WriteLineAsync($$"""
            The key, which is shown this once; whoever has it is '{{id}}':

              {{key}}

            Its entry, for "keys" in the access file:

              {"id": "{{id}}", "hash": "{{ApiKey.Hash(key)}}", "grants": [{"scopes": [{{Quote(scopeNames)}}], "models": [{{Quote(modelNames)}}]}]}
            """);
        return 0;
    }

    private static async Task<int> HashAsync(string[] args, TextReader input, TextWriter output, TextWriter errors)
    {
        if (args.Length > 0)
        {
            // Arguments can be read by every user of the machine.
            return await FailAsync(errors, "expected the key on standard input, got arguments");
        }

        var key = (await input.ReadLineAsync() ?? "").Trim();
        if (!ApiKey.TrySplit(key, out var id) || key.Length - id.Length - 1 < ApiKey.MinSecretLength || !System.Text.Ascii.IsValid(key))
        {
            return await FailAsync(errors, $"expected <id>.<secret> with a random secret of at least {ApiKey.MinSecretLength} ASCII characters");
        }

        await output.WriteLineAsync(ApiKey.Hash(key));
        return 0;
    }

    private static string Quote(string[] names) => string.Join(", ", names.Select(static name => $"\"{System.Text.Json.JsonEncodedText.Encode(name)}\""));

    private static async Task<int> FailAsync(TextWriter errors, string problem)
    {
        await errors.WriteLineAsync($"{problem}. Usage: {NewKey} --id=<id> [--scopes=<scope>,...] [--models=<pattern>,...], or {HashKey} with the key on standard input");
        return 1;
    }
}
