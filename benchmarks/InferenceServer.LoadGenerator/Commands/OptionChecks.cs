using System.CommandLine;
using System.Net;
using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Options that say what is wrong with a value before anything starts.</summary>
internal static class OptionChecks
{
    public static Option<int> Whole(string name, string description, int fallback, int lowest, int highest)
    {
        var option = new Option<int>(name) { Description = $"{description} [{lowest}..{highest}]", DefaultValueFactory = _ => fallback };
        option.CustomParser = result => result.Tokens is [var token] && int.TryParse(token.Value, out var value) && value >= lowest && value <= highest
            ? value
            : Refuse(result, $"{name} must be a whole number from {lowest} to {highest}", fallback);
        return option;
    }

    public static Option<double> Seconds(string name, string description, double fallback, double lowest, double highest)
    {
        var option = new Option<double>(name) { Description = $"{description}, in seconds [{lowest}..{highest}]", DefaultValueFactory = _ => fallback };
        option.CustomParser = result => result.Tokens is [var token] && double.TryParse(token.Value, out var value) && value >= lowest && value <= highest
            ? value
            : Refuse(result, $"{name} must be a number of seconds from {lowest} to {highest}", fallback);
        return option;
    }

    /// <summary>A loopback address: load is only ever sent to the own machine.</summary>
    public static Option<IPEndPoint> Address(string name, string description, int fallbackPort)
    {
        var option = new Option<IPEndPoint>(name)
        {
            Description = $"{description}, host:port on the loopback interface",
            DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, fallbackPort),
        };
        option.CustomParser = result => result.Tokens is [var token] && TryLoopback(token.Value) is { } address
            ? address
            : Refuse(
                result,
                $"{name} must be a loopback address with a port, like 127.0.0.1:{fallbackPort} or localhost:{fallbackPort}",
                new IPEndPoint(IPAddress.Loopback, fallbackPort));
        return option;
    }

    public static Option<IReadOnlyList<int>> WholeList(string name, string description, IReadOnlyList<int> fallback, int lowest, int highest)
    {
        var option = new Option<IReadOnlyList<int>>(name) { Description = $"{description}, separated by commas", DefaultValueFactory = _ => fallback };
        option.CustomParser = result =>
        {
            var values = new List<int>();
            foreach (var part in result.Tokens is [var token] ? token.Value.Split(',') : [""])
            {
                if (!int.TryParse(part, out var value) || value < lowest || value > highest || values.Contains(value))
                {
                    return Refuse(result, $"{name} must be different whole numbers from {lowest} to {highest}, separated by commas", fallback);
                }

                values.Add(value);
            }

            return values;
        };
        return option;
    }

    public static Option<IReadOnlyList<WireEncoding>> Encodings(string name, string description, IReadOnlyList<WireEncoding> fallback)
    {
        var option = new Option<IReadOnlyList<WireEncoding>>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.CustomParser = result =>
        {
            var values = new List<WireEncoding>();
            foreach (var part in result.Tokens is [var token] ? token.Value.Split(',') : [""])
            {
                if (TryEncoding(part) is not { } value || values.Contains(value))
                {
                    return Refuse(result, $"{name} must be different ones of json, binary and grpc, separated by commas", fallback);
                }

                values.Add(value);
            }

            return values;
        };
        return option;
    }

    /// <summary>A model's name, or a part of one.</summary>
    public static Option<string> Name(string name, string description, string fallback)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            var given = result.GetValueOrDefault<string>();
            if (!IsName(given))
            {
                result.AddError($"{name} must be a model's name of letters, digits, '_', '-' and '.'; got '{given}'");
            }
        });
        return option;
    }

    /// <summary>What stands behind a name, or nothing.</summary>
    public static Option<string> Suffix(string name, string description, string fallback)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            var given = result.GetValueOrDefault<string>();
            if (given is not "" && !IsName(given))
            {
                result.AddError($"{name} must be empty or of letters, digits, '_', '-' and '.'; got '{given}'");
            }
        });
        return option;
    }

    public static Option<IReadOnlyList<string>> Names(string name, string description)
    {
        var option = new Option<IReadOnlyList<string>>(name) { Description = description, Required = true };
        option.CustomParser = result => result.Tokens is [var token] && token.Value.Split(',') is var names && names.All(IsName) && names.Distinct().Count() == names.Length
            ? names
            : Refuse<IReadOnlyList<string>>(result, $"{name} must be different names of models, separated by commas", []);
        return option;
    }

    private static bool IsName(string? text) => !string.IsNullOrEmpty(text) && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static WireEncoding? TryEncoding(string text) => text.ToLowerInvariant() switch
    {
        "json" => WireEncoding.Json,
        "binary" => WireEncoding.Binary,
        "grpc" => WireEncoding.Grpc,
        _ => null,
    };

    private static IPEndPoint? TryLoopback(string text)
    {
        var address = text.StartsWith("http://", StringComparison.Ordinal) ? text[7..].TrimEnd('/') : text;
        if (address.StartsWith("localhost:", StringComparison.Ordinal))
        {
            address = IPAddress.Loopback + address["localhost".Length..];
        }

        return IPEndPoint.TryParse(address, out var parsed) && IPAddress.IsLoopback(parsed.Address) && parsed.Port > 0 ? parsed : null;
    }

    private static T Refuse<T>(System.CommandLine.Parsing.ArgumentResult result, string message, T fallback)
    {
        var given = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "nothing";
        result.AddError($"{message}; got '{given}'");
        return fallback;
    }
}
