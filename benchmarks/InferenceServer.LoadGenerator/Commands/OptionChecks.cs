using System.CommandLine;
using System.Net;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Echo;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Options that say what is wrong with a value before anything starts.</summary>
internal static class OptionChecks
{
    /// <summary>The option of <see cref="RpcEcho"/>.</summary>
    public const string RpcEchoName = "--grpc-echo";

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
            : CheckedOption.Refuse(
                result,
                $"{name} must be a loopback address with a port, like 127.0.0.1:{fallbackPort} or localhost:{fallbackPort}",
                new IPEndPoint(IPAddress.Loopback, fallbackPort));
        return option;
    }

    /// <summary>All but streams, which the echo endpoint does not have.</summary>
    public static Option<IReadOnlyList<WireEncoding>> Encodings(string name, string description, IReadOnlyList<WireEncoding> fallback) =>
        CheckedOption.Encodings(name, description, fallback, [WireEncoding.Json, WireEncoding.Binary, WireEncoding.Grpc]);

    /// <summary>What the echo endpoint does with messages of gRPC.</summary>
    public static Option<RpcEcho> RpcEchoKind()
    {
        var option = new Option<RpcEcho>(RpcEchoName)
        {
            Description = "The echo's method of gRPC: generated for one that deserialises requests and serialises answers by the generated classes, raw for one that moves their bytes",
            DefaultValueFactory = static _ => RpcEcho.Generated,
        };
        option.CustomParser = static result => result.Tokens is [var token] && Enum.GetValues<RpcEcho>().Any(kind => NameOf(kind) == token.Value)
            ? Enum.GetValues<RpcEcho>().First(kind => NameOf(kind) == token.Value)
            : CheckedOption.Refuse(result, $"{RpcEchoName} must be generated or raw", RpcEcho.Generated);
        return option;
    }

    /// <summary>What is written for a kind of echo.</summary>
    public static string NameOf(RpcEcho kind) => kind == RpcEcho.Raw ? "raw" : "generated";

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
            : CheckedOption.Refuse<IReadOnlyList<string>>(result, $"{name} must be different names of models, separated by commas", []);
        return option;
    }

    private static bool IsName(string? text) => !string.IsNullOrEmpty(text) && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static IPEndPoint? TryLoopback(string text)
    {
        var address = text.StartsWith("http://", StringComparison.Ordinal) ? text[7..].TrimEnd('/') : text;
        if (address.StartsWith("localhost:", StringComparison.Ordinal))
        {
            address = IPAddress.Loopback + address["localhost".Length..];
        }

        return IPEndPoint.TryParse(address, out var parsed) && IPAddress.IsLoopback(parsed.Address) && parsed.Port > 0 ? parsed : null;
    }
}
