using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;
using System.IO.Compression;
using System.Net;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Logging;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Forwarding;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.RemoteRepositories.Addresses;
using InferenceServer.RemoteRepositories.Credentials;

namespace InferenceServer.Host.Options;

/// <summary>
/// Reads the options from appsettings.json, the environment and the command line, the later winning over the earlier, and collects
/// everything that is wrong with them instead of stopping at the first.
/// </summary>
internal sealed class ServerOptionsReader
{
    /// <summary>The section of the configuration that is the server's.</summary>
    public const string Section = "InferenceServer";

    private readonly IConfigurationSection _section;
    private readonly CommandLine _line;
    private readonly IFileSystem _files;
    private readonly IReadOnlyList<BackendDescriptor> _backends;
    private readonly List<string> _errors = [];

    private ServerOptionsReader(IConfiguration configuration, CommandLine line, IFileSystem files, IReadOnlyList<BackendDescriptor> backends)
    {
        _backends = backends;
        _section = configuration.GetSection(Section);
        _line = line;
        _files = files;
    }

    /// <summary>Reads the options.</summary>
    /// <param name="configuration">appsettings.json and the environment.</param>
    /// <param name="line">The command line.</param>
    /// <param name="defaultRepository">The repository that is served when none is named.</param>
    /// <param name="files">The file system, to see that the repositories exist.</param>
    /// <param name="backends">The backends that this build has, to see that settings are for one of them.</param>
    /// <param name="errors">Everything that is wrong, one sentence each; empty when the options can be used.</param>
    public static ServerOptions Read(IConfiguration configuration, CommandLine line, string defaultRepository, IFileSystem files, IReadOnlyList<BackendDescriptor> backends, out IReadOnlyList<string> errors)
    {
        var reader = new ServerOptionsReader(configuration, line, files, backends);
        reader._errors.AddRange(line.Errors);
        reader.CheckKeys();
        var options = reader.ReadAll(defaultRepository);
        reader._errors.AddRange(PortCheck.FindProblems(options));

        // The metrics share the address of HTTP unless they have one: its mistake is told once.
        errors = [.. reader._errors.Distinct()];
        return options;
    }

    private ServerOptions ReadAll(string defaultRepository)
    {
        var mode = Word(OptionTable.ModelControlMode) switch
        {
            "explicit" => ModelControlMode.Explicit,
            "poll" => ModelControlMode.Poll,
            _ => ModelControlMode.None,
        };
        var (folders, remote, credentials) = Repositories(defaultRepository);
        return new ServerOptions
        {
            ModelControlMode = mode,
            LoadModels = LoadModels(mode),
            RepositoryPollInterval = TimeSpan.FromSeconds(Number(OptionTable.RepositoryPoll)),
            ModelConfigName = ConfigName(),
            ModelNamespacing = Namespacing(folders, remote),
            AllowModelLinks = Boolean(OptionTable.AllowModelLinks),
            ModelRepositories = folders,
            RemoteRepositories = remote,
            CloudCredentials = credentials,
            Mirrors = new MirrorOptions { Directory = CacheDirectory(), MaxBytes = Number(OptionTable.RepositoryCacheMaxBytes) },
            Id = Text(OptionTable.Id),
            StrictReadiness = Boolean(OptionTable.StrictReadiness),
            ExitOnError = Boolean(OptionTable.ExitOnError),
            ExitTimeout = TimeSpan.FromSeconds(Number(OptionTable.ExitTimeout)),
            StartupHold = TimeSpan.FromSeconds(Number(OptionTable.StartupHold)),
            AutoCompleteConfig = !Boolean(OptionTable.DisableAutoComplete),
            ModelLoadThreads = (int)Number(OptionTable.ModelLoadThreadCount),
            Residency = Residency(),
            ModelLoadRetries = (int)Number(OptionTable.ModelLoadRetryCount),
            ModelAutoWarmup = Boolean(OptionTable.ModelAutoWarmup),
            Backends = BackendSettings(),
            ResponseCache = ResponseCache(),
            MaxQueueSize = (int)Number(OptionTable.MaxQueueSize),
            MaxQueueBytes = Number(OptionTable.MaxQueueBytes),
            RateLimiter = RateLimiter(),
            AllowClientShm = Boolean(OptionTable.AllowClientShm),
            Http = EndPoint(OptionTable.AllowHttp, OptionTable.HttpAddress, OptionTable.HttpPort),
            HttpMaxInputSize = Number(OptionTable.HttpMaxInputSize),
            HttpMaxRequestBytes = Number(OptionTable.HttpMaxRequestBytes),
            Grpc = EndPoint(OptionTable.AllowGrpc, OptionTable.GrpcAddress, OptionTable.GrpcPort),
            GrpcMaxRequestBytes = (int)Number(OptionTable.GrpcMaxRequestBytes),
            GrpcMaxInflatedBytes = (int)Number(OptionTable.GrpcMaxInflatedBytes),
            GrpcMaxStreamRequests = (int)Number(OptionTable.GrpcMaxStreamRequests),
            GrpcMaxStreamBytes = Number(OptionTable.GrpcMaxStreamBytes),
            GrpcMaxResponsePoolSize = (int)Number(OptionTable.GrpcMaxResponsePoolSize),
            GrpcConnections = Connections(),
            GrpcInferResponseCompression = Word(OptionTable.GrpcInferResponseCompressionLevel) switch
            {
                "low" => CompressionLevel.Fastest,
                "medium" => CompressionLevel.Optimal,
                "high" => CompressionLevel.SmallestSize,
                _ => null,
            },
            HttpHeaderForwarding = Forwarding(OptionTable.HttpHeaderForwardPattern),
            GrpcHeaderForwarding = Forwarding(OptionTable.GrpcHeaderForwardPattern),
            HttpRestrictions = Restrictions(OptionTable.HttpRestrictedApi, ""),
            GrpcRestrictions = Restrictions(OptionTable.GrpcRestrictedProtocol, "triton-grpc-protocol-"),
            Metrics = EndPoint(OptionTable.AllowMetrics, OptionTable.MetricsAddress, OptionTable.MetricsPort),
            Tracing = Tracing(),
            MetricsContent = MetricsContent(),
            Log = new LogSettings(
                (uint)Number(OptionTable.LogVerbose),
                Boolean(OptionTable.LogInfo),
                Boolean(OptionTable.LogWarning),
                Boolean(OptionTable.LogError),
                LogFormats.TryParse(Word(OptionTable.LogFormat), out var format) ? format : LogFormat.Default),
        };
    }

    private void CheckKeys()
    {
        var known = OptionTable.All.Select(static option => option.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var key in _section.GetChildren().Select(static child => child.Key).Where(key => !known.Contains(key)))
        {
            var near = Nearest.Of(key, known);
            _errors.Add($"unknown setting '{Section}:{key}'{(near is null ? "" : $"; did you mean '{near}'?")}");
        }
    }

    /// <summary>The values of an option and where the first came from: the command line, the environment, a file, or the default.</summary>
    private (IReadOnlyList<string> Values, string Source) Raw(OptionDefinition option)
    {
        var values = _line.Values(option);
        if (values.Count > 0)
        {
            return (values, $"--{option.Flag}");
        }

        var section = _section.GetSection(option.Key);
        var source = $"{Section}:{option.Key}";
        var children = section.GetChildren().Select(static child => child.Value).OfType<string>().ToArray();
        if (children.Length > 0)
        {
            return (children, source);
        }

        return section.Value is { } value ? ([value], source) : ([option.Default], $"--{option.Flag}");
    }

    private string Text(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        if (values[^1].Length == 0)
        {
            _errors.Add($"{source}: expected a text, got nothing");
        }

        return values[^1];
    }

    private bool Boolean(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        switch (values[^1].ToUpperInvariant())
        {
            case "TRUE" or "ON" or "1":
                return true;
            case "FALSE" or "OFF" or "0":
                return false;
            default:
                _errors.Add($"{source}: expected true or false, got '{values[^1]}'");
                return option.Default == "true";
        }
    }

    private long Number(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        if (long.TryParse(values[^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= option.Minimum && number <= option.Maximum)
        {
            return number;
        }

        var upper = option.Maximum == long.MaxValue ? "" : $" and at most {option.Maximum}";
        _errors.Add($"{source}: expected a whole number of at least {option.Minimum}{upper}, got '{values[^1]}'");
        return long.Parse(option.Default, CultureInfo.InvariantCulture);
    }

    private ResidencyOptions Residency() => new()
    {
        Default = ModelResidencies.TryParse(Word(OptionTable.ModelResidency), out var residency) ? residency : ModelResidency.Pinned,
        MemoryBudget = Number(OptionTable.ModelMemoryBudget),
        IdleUnload = TimeSpan.FromSeconds(Number(OptionTable.ModelIdleUnload)),
        ColdStartTimeout = TimeSpan.FromSeconds(Number(OptionTable.ColdStartTimeout)),
        MaxColdRequests = (int)Number(OptionTable.MaxColdRequests),
    };

    private string Word(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        var word = option.Words.FirstOrDefault(candidate => candidate.Equals(values[^1], StringComparison.OrdinalIgnoreCase));
        if (word is null)
        {
            _errors.Add($"{source}: expected {string.Join(" or ", option.Words)}, got '{values[^1]}'");
        }

        return word ?? option.Default;
    }

    private HeaderForwarding? Forwarding(OptionDefinition option)
    {
        var (values, source) = Raw(option);
        if (values[^1].Length == 0)
        {
            return null;
        }

        if (!HeaderForwarding.TryCreate(values[^1], out var forwarding, out var problem))
        {
            _errors.Add($"{source}: expected a regular expression, got '{values[^1]}': {problem}");
        }

        return forwarding;
    }

    private ApiRestrictions Restrictions(OptionDefinition option, string headerPrefix)
    {
        var (values, source) = Raw(option);
        var problems = new List<string>();
        var restrictions = ApiRestrictions.Parse(values.Where(static value => value.Length > 0), headerPrefix, problems);
        _errors.AddRange(problems.Select(problem => $"{source}: {problem}"));
        return restrictions;
    }

    private string ConfigName()
    {
        var (values, source) = Raw(OptionTable.ModelConfigName);
        var name = values[^1];
        if (name.Length > 0 && !ModelNames.IsValid(name))
        {
            _errors.Add($"{source}: expected the name of a file without its extension, got '{name}'");
        }

        return name;
    }

    private ImmutableArray<string> LoadModels(ModelControlMode mode)
    {
        var (values, source) = Raw(OptionTable.LoadModel);
        ImmutableArray<string> names = [.. values.Where(static value => value.Length > 0)];
        if (names.Length > 0 && mode != ModelControlMode.Explicit)
        {
            _errors.Add($"{source}: expected --model-control-mode=explicit beside it, got {(mode == ModelControlMode.Poll ? "poll" : OptionTable.ModelControlMode.Default)}");
        }

        if (names.Contains("*") && names.Length > 1)
        {
            _errors.Add($"{source}: expected '*' alone or names of models, got both");
        }

        foreach (var name in names.Where(static name => name != "*" && !ModelNames.IsValid(name)))
        {
            _errors.Add($"{source}: expected the name of a folder of the repository, got '{name}'");
        }

        return names;
    }

    private TraceOptions Tracing()
    {
        var (values, source) = Raw(OptionTable.TraceConfig);
        return new TraceConfigReader(_files, source, _errors).Read(values.Where(static value => value.Length > 0));
    }

    private ConnectionOptions Connections()
    {
        if (!Boolean(OptionTable.GrpcKeepAlivePermitWithoutCalls))
        {
            var (values, source) = Raw(OptionTable.GrpcKeepAlivePermitWithoutCalls);
            _errors.Add($"{source}: the transport pings connections without calls too, expected true, got '{values[^1]}'; --{OptionTable.GrpcKeepAliveTime.Flag}={OptionTable.Never} switches its pings off");
        }

        var connections = new ConnectionOptions(
            Milliseconds(OptionTable.GrpcKeepAliveTime),
            Milliseconds(OptionTable.GrpcKeepAliveTimeout),
            Milliseconds(OptionTable.GrpcMaxConnectionAge),
            Milliseconds(OptionTable.GrpcMaxConnectionAgeGrace));
        if (connections.MaxAge == Timeout.InfiniteTimeSpan && connections.MaxAgeGrace != Timeout.InfiniteTimeSpan)
        {
            _errors.Add($"{Raw(OptionTable.GrpcMaxConnectionAgeGrace).Source}: there is no grace without an age, expected --{OptionTable.GrpcMaxConnectionAge.Flag} beside it");
        }

        return connections;
    }

    private TimeSpan Milliseconds(OptionDefinition option) =>
        Number(option) is var number && number == OptionTable.Never ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(number);

    private MetricsOptions MetricsContent()
    {
        var (values, source) = Raw(OptionTable.MetricsConfig);
        var problems = new List<string>();
        var options = MetricsConfigReader.Read(values.Where(static value => value.Length > 0), problems);
        _errors.AddRange(problems.Select(problem => $"{source}: {problem}"));
        return options with { UsesNamespaces = Boolean(OptionTable.ModelNamespacing), CpuMetrics = Boolean(OptionTable.AllowCpuMetrics), Interval = TimeSpan.FromMilliseconds(Number(OptionTable.MetricsInterval)) };
    }

    private (ImmutableArray<string> Folders, ImmutableArray<RemoteAddress> Remote, CloudCredentials Credentials) Repositories(string defaultRepository)
    {
        var (values, source) = Raw(OptionTable.ModelRepository);
        if (values is [var only] && only == OptionTable.ModelRepository.Default)
        {
            values = [defaultRepository];
        }

        return new RepositoriesReader(_files, source, _errors).Read(values);
    }

    private bool Namespacing(ImmutableArray<string> folders, ImmutableArray<RemoteAddress> remote)
    {
        if (!Boolean(OptionTable.ModelNamespacing))
        {
            return false;
        }

        // What is given twice is one repository.
        var repositories = folders.Where(static folder => folder.Length > 0).DistinctBy(_files.Path.GetFullPath).Select(folder => (folder, ModelNamespaces.OfFolder(_files, folder)))
            .Concat(remote.DistinctBy(static address => address.Url).Select(static address => (address.Text, ModelNamespaces.OfUrl(address.Url))));
        _errors.AddRange(ModelNamespaces.FindProblems([.. repositories]).Select(problem => $"{Raw(OptionTable.ModelNamespacing).Source}: {problem}"));
        return true;
    }

    private RateLimiterOptions RateLimiter()
    {
        var (values, source) = Raw(OptionTable.RateLimitResource);
        return new RateLimitReader(source, _errors).Read(Word(OptionTable.RateLimit) == "execution_count", values.Where(static value => value.Length > 0), (int)Number(OptionTable.MaxConcurrentExecutions));
    }

    private ResponseCacheSettings ResponseCache()
    {
        var (values, source) = Raw(OptionTable.CacheConfig);
        return new CacheConfigReader(_files, Environment.GetEnvironmentVariable, source, _errors)
            .Read(values.Where(static value => value.Length > 0), Number(OptionTable.ResponseCacheByteSize), Raw(OptionTable.ResponseCacheByteSize).Source);
    }

    private string CacheDirectory()
    {
        var (values, source) = Raw(OptionTable.RepositoryCacheDirectory);
        if (values[^1].Length > 0 && _files.File.Exists(values[^1]))
        {
            _errors.Add($"{source}: expected a folder, '{values[^1]}' is a file");
        }

        return values[^1];
    }

    private ImmutableDictionary<string, ImmutableDictionary<string, string>> BackendSettings()
    {
        var (values, source) = Raw(OptionTable.BackendConfig);
        return new BackendConfigReader(_backends, source, _errors).Read(values.Where(static value => value.Length > 0));
    }

    private IPEndPoint? EndPoint(OptionDefinition allow, OptionDefinition address, OptionDefinition port)
    {
        var isAllowed = Boolean(allow);
        var number = (int)Number(port);
        var (values, source) = Raw(address);
        if (values[^1].Length == 0 && address == OptionTable.MetricsAddress)
        {
            (values, source) = Raw(OptionTable.HttpAddress);
        }

        var text = values[^1] == "localhost" ? "127.0.0.1" : values[^1];
        if (!IPAddress.TryParse(text, out var parsed))
        {
            _errors.Add($"{source}: expected an IP address such as 0.0.0.0, 127.0.0.1 or ::1, got '{values[^1]}'");
            parsed = IPAddress.Loopback;
        }

        return isAllowed ? new IPEndPoint(parsed, number) : null;
    }
}
