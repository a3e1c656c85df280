using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Onnx.Sessions;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>Reads <see cref="ProviderSettings"/> from a model's parameters and accelerators.</summary>
/// <param name="context">The model.</param>
/// <param name="model">Its parameters, of which those that are read here are marked as used, and where mistakes go.</param>
/// <param name="allowsFiles">True when options of providers may name files: who runs the server says that.</param>
internal sealed class ProviderSettingsReader(ModelLoadContext context, SettingValues model, bool allowsFiles)
{
    /// <summary>The providers, the most wanted first.</summary>
    public const string ListKey = "execution_providers";

    /// <summary>What to do without them.</summary>
    public const string FallbackKey = "fallback";

    /// <summary>The server's setting that lets options name files.</summary>
    public const string FilesKey = "allow-provider-files";

    /// <summary>What stands in front of a parameter that is for one group of instances: this, its name, and a dot.</summary>
    public const string GroupPrefix = "group.";

    /// <summary>The names that a list may have.</summary>
    private static readonly string s_known = string.Join(", ", ProviderKind.All.Select(static kind => kind.Name));

    private readonly List<GivenOption> _given = [];

    public ProviderSettings Read()
    {
        var options = ReadOptions("");
        ReadTritons(options);
        var all = ReadScope("", options, null);
        if (!all.Listed.IsDefault && context.Accelerators.Length > 0)
        {
            model.Errors.Add($"parameter '{ListKey}': expected no optimization.execution_accelerators beside it, since either says what instances run on");
        }

        var groups = ImmutableDictionary.CreateBuilder<string, ProviderSettings>(StringComparer.Ordinal);
        foreach (var group in FindGroups())
        {
            groups[group] = ReadScope(group, Merge(options, ReadOptions(group)), all);
        }

        var settings = all with { Groups = groups.ToImmutable() };
        CheckEffect(settings);
        return settings;
    }

    private static string PrefixOf(string group) => group.Length == 0 ? "" : $"{GroupPrefix}{group}.";

    private static ImmutableSortedDictionary<string, string> OptionsOf(Dictionary<string, ImmutableSortedDictionary<string, string>> options, ProviderKind kind) =>
        options.GetValueOrDefault(kind.Name, ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal));

    private static Dictionary<string, ImmutableSortedDictionary<string, string>> Merge(
        Dictionary<string, ImmutableSortedDictionary<string, string>> common, Dictionary<string, ImmutableSortedDictionary<string, string>> own)
    {
        var merged = new Dictionary<string, ImmutableSortedDictionary<string, string>>(common, StringComparer.Ordinal);
        foreach (var (name, options) in own)
        {
            merged[name] = merged.TryGetValue(name, out var before) ? before.SetItems(options) : options;
        }

        return merged;
    }

    /// <summary>Reads what holds for a group, or for all instances.</summary>
    /// <param name="group">The group; empty for all.</param>
    /// <param name="options">The options of the providers there.</param>
    /// <param name="all">What holds for all, where this is a group; null where it is what holds for all.</param>
    private ProviderSettings ReadScope(string group, Dictionary<string, ImmutableSortedDictionary<string, string>> options, ProviderSettings? all)
    {
        var listed = ReadList(PrefixOf(group), options);
        if (listed.IsDefault && all is { Listed.IsDefault: false })
        {
            listed = [.. all.Listed.Select(one => new ExecutionProvider(one.Kind, OptionsOf(options, one.Kind)))];
        }

        // What is wrong with an accelerator is told once.
        var accelerators = context.Accelerators
            .Select(one => (one.Kind, Provider: ReadAccelerator(one, options, all is null ? model.Errors : [])))
            .Where(static one => one.Provider is not null)
            .ToList();
        return new ProviderSettings
        {
            Listed = listed,
            GpuAccelerators = [.. accelerators.Where(static one => one.Kind == InstanceKind.Gpu).Select(static one => one.Provider!)],
            CpuAccelerators = [.. accelerators.Where(static one => one.Kind != InstanceKind.Gpu).Select(static one => one.Provider!)],
            Cuda = new ExecutionProvider(ProviderKind.Cuda, OptionsOf(options, ProviderKind.Cuda)),
            FallsBack = ReadFallback(PrefixOf(group)) ?? all?.FallsBack ?? false,
        };
    }

    private Dictionary<string, ImmutableSortedDictionary<string, string>> ReadOptions(string group)
    {
        var options = new Dictionary<string, ImmutableSortedDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var kind in ProviderKind.All)
        {
            var prefix = $"{PrefixOf(group)}{kind.Name}.";
            foreach (var (key, value) in context.Parameters.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal)))
            {
                model.Text(key);
                var option = key[prefix.Length..];
                if (CheckFiles($"parameter '{key}'", option, model.Errors))
                {
                    options[kind.Name] = OptionsOf(options, kind).SetItem(option, value);
                    _given.Add(new GivenOption(key, group, kind, option, IsHint: false));
                }
            }
        }

        return options;
    }

    private void ReadTritons(Dictionary<string, ImmutableSortedDictionary<string, string>> options)
    {
        foreach (var name in TritonCudaParameters.Names.Order(StringComparer.Ordinal))
        {
            if (model.Text(name) is not { } value || TritonCudaParameters.Read(name, value, model.Errors) is not { } option)
            {
                continue;
            }

            var cuda = OptionsOf(options, ProviderKind.Cuda);
            if (cuda.ContainsKey(name))
            {
                model.Errors.Add($"parameter '{name}': expected either it or '{ProviderKind.Cuda.Name}.{name}', since both are the same option");
            }

            options[ProviderKind.Cuda.Name] = cuda.SetItem(name, option);
            _given.Add(new GivenOption(name, "", ProviderKind.Cuda, name, IsHint: true));
        }
    }

    /// <summary>The groups of which a parameter speaks.</summary>
    private SortedSet<string> FindGroups()
    {
        var known = context.Placements.Select(static placement => placement.Group).Where(static group => group.Length > 0).Distinct().OrderByDescending(static group => group.Length).ToList();
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var key in context.Parameters.Keys.Where(static key => key.StartsWith(GroupPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            model.Text(key);
            if (known.Find(group => key.StartsWith(PrefixOf(group), StringComparison.Ordinal)) is not { } group)
            {
                model.Errors.Add($"parameter '{key}': expected the name of an instance_group behind '{GroupPrefix}', {(known.Count == 0 ? "and there is none" : $"one of {string.Join(", ", known.Order(StringComparer.Ordinal).Select(static one => $"'{one}'"))}")}");
                continue;
            }

            found.Add(group);
            var rest = key[PrefixOf(group).Length..];
            if (rest is not (ListKey or FallbackKey) && !ProviderKind.All.Any(kind => rest.StartsWith(kind.Name + ".", StringComparison.Ordinal)))
            {
                model.Errors.Add($"parameter '{key}': expected {ListKey}, {FallbackKey} or <provider>.<option> behind the group's name, got '{rest}'");
            }
        }

        return found;
    }

    private ImmutableArray<ExecutionProvider> ReadList(string prefix, Dictionary<string, ImmutableSortedDictionary<string, string>> options)
    {
        var key = prefix + ListKey;
        if (model.Text(key) is not { } text)
        {
            return default;
        }

        var listed = ImmutableArray.CreateBuilder<ExecutionProvider>();
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (ProviderKind.Find(name) is not { } kind)
            {
                model.Errors.Add($"parameter '{key}': expected names out of {s_known}, got '{name}'");
            }
            else if (listed.Any(one => one.Kind == kind))
            {
                model.Errors.Add($"parameter '{key}': expected each provider once, got '{kind.Name}' twice");
            }
            else
            {
                listed.Add(new ExecutionProvider(kind, OptionsOf(options, kind)));
            }
        }

        return listed.ToImmutable();
    }

    private ExecutionProvider? ReadAccelerator(ExecutionAccelerator accelerator, Dictionary<string, ImmutableSortedDictionary<string, string>> options, List<string> errors)
    {
        var provider = AcceleratorReader.Read(accelerator, errors);
        foreach (var key in provider?.Options.Keys ?? [])
        {
            CheckFiles($"parameter '{key}' of the accelerator '{accelerator.Name}'", key, errors);
        }

        return provider?.With(OptionsOf(options, provider.Kind));
    }

    private bool? ReadFallback(string prefix)
    {
        switch (model.Text(prefix + FallbackKey))
        {
            case null:
                return null;
            case "cpu":
                return true;
            case var other:
                model.Errors.Add($"parameter '{prefix + FallbackKey}': expected cpu, got '{other}'");
                return null;
        }
    }

    private void CheckEffect(ProviderSettings settings)
    {
        foreach (var given in _given.GroupBy(static one => (one.Group, one.Kind)).Select(static same => same.First()))
        {
            if (given.Kind == ProviderKind.Cpu)
            {
                model.Errors.Add($"parameter '{given.Parameter}': the processor takes no options; its arena is enable_mem_arena");
            }
            else if (!Uses(settings, given))
            {
                Report(given);
            }
        }

        foreach (var given in _given.Where(static one => one.Option == ProviderSettings.DeviceOption))
        {
            if (context.Placements.Any(placement => placement.Kind == InstanceKind.Gpu && (given.Group.Length == 0 || placement.Group == given.Group)))
            {
                model.Errors.Add($"an option {ProviderSettings.DeviceOption}: expected none beside an instance_group of KIND_GPU, whose gpus say the device");
                break;
            }
        }
    }

    private bool Uses(ProviderSettings settings, GivenOption given)
    {
        var all = given.Group.Length == 0;
        return context.Placements.Where(placement => all || placement.Group == given.Group)
            .SelectMany(placement => settings.Of(placement.Group).For(placement.Kind == InstanceKind.Gpu ? placement.DeviceId : null))
            .Concat(all ? settings.For(null) : [])
            .Any(one => one.Kind == given.Kind);
    }

    private void Report(GivenOption given)
    {
        if (given.IsHint)
        {
            // Triton's own backend passes over them in the same way.
            context.Log.Warning($"parameter '{given.Parameter}' has no effect, since no instance runs on {given.Kind.Name}");
            return;
        }

        model.Errors.Add($"parameter '{given.Parameter}': expected '{PrefixOf(given.Group)}{ListKey}' to name {given.Kind.Name}, since nothing runs on it now");
    }

    private bool CheckFiles(string words, string option, List<string> errors)
    {
        if (allowsFiles || !NamesFiles(option))
        {
            return true;
        }

        // A configuration may come from a client that loads a model; it must not make the server write, read or load code where it likes.
        errors.Add($"{words}: it makes the engine use files, which the server allows with the backend setting {FilesKey}=1 only");
        return false;
    }

    private static bool NamesFiles(string option)
    {
        string[] words = ["path", "file", "dir", "folder", "lib", "dump", "cache", "load_config", "op_packages", "calibration_table"];
        return words.Any(word => option.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
