using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Onnx.Graphs;
using InferenceServer.Backends.Onnx.Providers;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>What can be set for ONNX models: by whoever runs the server, and by a model's configuration.</summary>
public static class OnnxSettings
{
    private const string Switch = "0, 1, false, true";

    private static readonly string s_threads = $"number, 0 to {Text(SettingValues.MaxCount)}";

    /// <summary>The settings of <c>--backend-config</c>.</summary>
    public static ImmutableArray<SettingDescription> OfServer { get; } =
    [
        new(SessionSettingsReader.IntraOpKey, s_threads, "0: as many as the process may use processors", "Threads inside an operator, of the pool that models share."),
        new(SessionSettingsReader.InterOpKey, s_threads, "0: one", "Threads for operators beside one another, of the same pool."),
        new(SessionSettingsReader.GlobalPoolKey, Switch, "1", "Whether models share one pool of threads; else each has its own."),
        new(SessionSettingsReader.OneThreadKey, "bytes, 0 or more", "a sixteenth of the memory that the process may use", "How much copies of weights may take that are made while models are under load, to run as many executions as processors by one thread each; 0 for none."),
        new(ProviderSettingsReader.FilesKey, Switch, "0", "Lets options of execution providers name files."),
        new(SessionFiles.ProfileFolderKey, "folder", "none: profiles are refused", "Where the profiles of enable_profiling are written."),
        new(SessionFiles.LibraryFolderKey, "folder", "none: libraries are refused", "Where libraries of operators may lie."),
        new(GraphCacheOptions.FolderKey, "folder", "none are kept", "Where optimised graphs are kept from one load to the next."),
        new(GraphCacheOptions.SizeKey, "bytes, 1 or more", Text(GraphCacheOptions.DefaultMaxBytes), "How much they may take together."),
    ];

    /// <summary>The <c>parameters</c> of a configuration.</summary>
    public static ImmutableArray<SettingDescription> OfModels { get; } =
    [
        new(SessionSettingsReader.IntraOpKey, s_threads, "0: the shared pool", "Threads inside an operator, of the model's own."),
        new(SessionSettingsReader.InterOpKey, s_threads, "0: the shared pool", "Threads for operators beside one another, of the model's own."),
        new(SessionSettingsReader.ExecutionModeKey, "0, 1", "0", "1 runs operators beside one another."),
        new(SessionSettingsReader.ArenaKey, Switch, "0", "The engine keeps its memory between runs."),
        new(SessionSettingsReader.PatternKey, Switch, "0", "The engine keeps its layout of memory for each combination of shapes."),
        new(SessionSettingsReader.ShrinkageKey, "arenas, such as cpu:0;gpu:0", "none", $"The arenas that give memory back after each run; with {SessionSettingsReader.ArenaKey}."),
        new($"{FreeDimension.NamePrefix}<name>", "size", "free", "The size of a dimension that the graph leaves free, by its symbol."),
        new($"{FreeDimension.DenotationPrefix}<denotation>", "size", "free", "The same, by what the dimension stands for."),
        new(ProviderSettingsReader.ListKey, $"{string.Join(", ", ProviderKind.All.Select(static kind => kind.Name))}", "by the kind of the instance", "What else runs operators, the most wanted first."),
        new("<provider>.<option>", "as the provider takes it", "the engine's", "An option of that provider. Those that name files are refused without allow-provider-files."),
        new(ProviderSettingsReader.FallbackKey, "cpu", "the load fails", "Where a provider cannot be had, the model runs without it."),
        new($"{ProviderSettingsReader.GroupPrefix}<group>.<parameter>", "as the parameter takes it", "as for the model", "The parameter for the instances of that group alone: providers, fallback and options."),
        .. TritonCudaParameters.Names.Order(StringComparer.Ordinal).Select(static name => new SettingDescription(name, TritonCudaParameters.Takes(name), "the engine's", $"The same as cuda.{name}, as Triton writes it.")),
        new(GraphCacheOptions.ModelKey, Switch, "1 where the server keeps graphs", "0 keeps no optimised graph of the model."),
        new(SessionSettingsReader.PlacementKey, Switch, "0", "The log says which nodes run on which provider."),
        new(SessionFiles.ProfileKey, Switch, "0", $"The engine writes a profile when the version is unloaded; needs {SessionFiles.ProfileFolderKey}."),
        new(SessionFiles.LibrariesKey, "plain names, with commas", "none", $"Libraries with operators of your own; needs {SessionFiles.LibraryFolderKey}."),
        new($"{SessionSettingsReader.EntryPrefix}<entry>", "as the engine takes it", "the engine's", "An entry of the engine's session options. Those that make it use files are refused."),
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
