using System.Collections.Immutable;
using InferenceServer.Host.Benching;
using InferenceServer.Host.Identities;
using InferenceServer.Host.Reference;
using InferenceServer.Host.Trials;

namespace InferenceServer.Host.Options;

/// <summary>Every sub-command of the program.</summary>
internal static class SubCommands
{
    public static ImmutableArray<SubCommand> All { get; } =
    [
        new(CommandLine.Check, "[<repository> ...] [--option=value ...]", "Reads every configuration, loads every model, warms it up and frees it again, and says what is wrong; it serves nothing. Its exit code is 0 when all would serve, 1 when something would not."),
        new(CommandLine.Probe, "[--option=value ...]", "Asks the server that runs on this machine with the same options whether it is ready; its exit code is 0 when it is, 1 when not."),
        new(BenchEntry.Word, "<model> [--option value ...]", "Loads a server, this one or any other that speaks the protocol, and says how many answers it gave, how fast, and what it says of that itself; bench --help lists its options. Its exit code is 0 when no request failed, 1 when some did, 2 when the command line is wrong."),
        new(KeyCommand.NewKey, "--id=<id> [--scopes=<scope>,...] [--models=<pattern>,...]", "Prints an API key and its entry for --access-file: for the scopes inference and metadata and for all models, unless it is said otherwise."),
        new(KeyCommand.HashKey, "", "Prints the hash of a key that it reads from standard input, for --access-file."),
        new(ReferenceCommand.Word, "", "Prints the reference of all options, settings and fields, in Markdown."),
        new(TrialCommand.Word, "", "Loads one model that standard input describes and says how that went: how the server tries a model whose engine may end the process.", IsOfServer: true),
    ];
}
