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

    /// <summary>The names that a list may have.</summary>
    private static readonly string s_known = string.Join(", ", ProviderKind.All.Select(static kind => kind.Name));

    private readonly Dictionary<string, ImmutableSortedDictionary<string, string>> _options = new(StringComparer.Ordinal);

    public ProviderSettings Read()
    {
        ReadOptions();
        var listed = ReadList();
        var accelerators = context.Accelerators.Select(one => (one.Kind, Provider: ReadAccelerator(one))).Where(static one => one.Provider is not null).ToList();
        var settings = new ProviderSettings
        {
            Listed = listed,
            GpuAccelerators = [.. accelerators.Where(static one => one.Kind == InstanceKind.Gpu).Select(static one => one.Provider!)],
            CpuAccelerators = [.. accelerators.Where(static one => one.Kind != InstanceKind.Gpu).Select(static one => one.Provider!)],
            Cuda = new ExecutionProvider(ProviderKind.Cuda, OptionsOf(ProviderKind.Cuda)),
            FallsBack = ReadFallback(),
        };
        if (!listed.IsDefault && accelerators.Count > 0)
        {
            model.Errors.Add($"parameter '{ListKey}': expected no optimization.execution_accelerators beside it, since either says what instances run on");
        }

        CheckEffect(settings);
        return settings;
    }

    private void ReadOptions()
    {
        foreach (var kind in ProviderKind.All)
        {
            var prefix = $"{kind.Name}.";
            foreach (var (key, value) in context.Parameters.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal)))
            {
                model.Text(key);
                if (CheckFiles($"parameter '{key}'", key[prefix.Length..]))
                {
                    _options[kind.Name] = OptionsOf(kind).SetItem(key[prefix.Length..], value);
                }
            }
        }
    }

    private ImmutableArray<ExecutionProvider> ReadList()
    {
        if (model.Text(ListKey) is not { } text)
        {
            return default;
        }

        var listed = ImmutableArray.CreateBuilder<ExecutionProvider>();
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (ProviderKind.Find(name) is not { } kind)
            {
                model.Errors.Add($"parameter '{ListKey}': expected names out of {s_known}, got '{name}'");
            }
            else if (listed.Any(one => one.Kind == kind))
            {
                model.Errors.Add($"parameter '{ListKey}': expected each provider once, got '{kind.Name}' twice");
            }
            else
            {
                listed.Add(new ExecutionProvider(kind, OptionsOf(kind)));
            }
        }

        return listed.ToImmutable();
    }

    private ExecutionProvider? ReadAccelerator(ExecutionAccelerator accelerator)
    {
        var errors = new List<string>();
        var provider = AcceleratorReader.Read(accelerator, errors);
        model.Errors.AddRange(errors);
        foreach (var key in provider?.Options.Keys ?? [])
        {
            CheckFiles($"parameter '{key}' of the accelerator '{accelerator.Name}'", key);
        }

        return provider?.With(OptionsOf(provider.Kind));
    }

    private bool ReadFallback()
    {
        switch (model.Text(FallbackKey))
        {
            case null:
                return false;
            case "cpu":
                return true;
            case var other:
                model.Errors.Add($"parameter '{FallbackKey}': expected cpu, got '{other}'");
                return false;
        }
    }

    private void CheckEffect(ProviderSettings settings)
    {
        var gpus = context.Placements.Where(static placement => placement.Kind == InstanceKind.Gpu).Select(static placement => (int?)placement.DeviceId);
        var used = gpus.Append(null).SelectMany(gpu => settings.For(gpu)).Select(static one => one.Kind.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, options) in _options.Where(one => one.Key == ProviderKind.Cpu.Name || !used.Contains(one.Key)))
        {
            var option = $"parameter '{name}.{options.Keys.First()}'";
            model.Errors.Add(name == ProviderKind.Cpu.Name ? $"{option}: the processor takes no options; its arena is enable_mem_arena" : $"{option}: expected '{ListKey}' to name {name}, since nothing runs on it now");
        }

        if (context.Placements.Any(static placement => placement.Kind == InstanceKind.Gpu) && _options.Values.Any(static options => options.ContainsKey(ProviderSettings.DeviceOption)))
        {
            model.Errors.Add($"an option {ProviderSettings.DeviceOption}: expected none beside an instance_group of KIND_GPU, whose gpus say the device");
        }
    }

    private bool CheckFiles(string words, string option)
    {
        if (allowsFiles || !NamesFiles(option))
        {
            return true;
        }

        // A configuration may come from a client that loads a model; it must not make the server write, read or load code where it likes.
        model.Errors.Add($"{words}: it makes the engine use files, which the server allows with the backend setting {FilesKey}=1 only");
        return false;
    }

    private static bool NamesFiles(string option)
    {
        string[] words = ["path", "file", "dir", "folder", "lib", "dump", "cache", "load_config", "op_packages", "calibration_table"];
        return words.Any(word => option.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    private ImmutableSortedDictionary<string, string> OptionsOf(ProviderKind kind) =>
        _options.GetValueOrDefault(kind.Name, ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal));
}
