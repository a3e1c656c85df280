using System.Collections.Immutable;
using System.IO.Abstractions;
using System.IO.Compression;
using System.Net;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Logging;
using InferenceServer.Core.Scheduling;
using InferenceServer.Host.Listeners;
using InferenceServer.Host.Plugins;
using InferenceServer.Protocols.KServe.Forwarding;
using InferenceServer.Protocols.KServe.Memory;
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
    private readonly IFileSystem _files;
    private readonly ImmutableArray<BackendFolder> _folders;
    private readonly IReadOnlyList<BackendDescriptor> _backends;
    private readonly List<string> _errors = [];
    private readonly OptionValues _values;
    private readonly TelemetryReader _telemetry;
    private readonly bool _isProbe;

    private ServerOptionsReader(IConfiguration configuration, CommandLine line, IFileSystem files, IReadOnlyList<BackendDescriptor> backends)
    {
        _section = configuration.GetSection(Section);
        _files = files;
        _isProbe = line.WantsProbe;
        _values = new OptionValues(_section, line, _errors);
        _telemetry = new TelemetryReader(configuration, _values, files, _errors);
        _folders = new BackendFolderReader(files, backends, BackendCode.CanBeLoaded).Read(BackendDirectory());
        _backends = [.. backends, .. _folders.Where(static folder => !folder.IsShadowed).Select(static folder => folder.Descriptor)];
    }

    /// <summary>Reads the options.</summary>
    /// <param name="configuration">appsettings.json and the environment.</param>
    /// <param name="line">The command line.</param>
    /// <param name="defaultRepository">The repository that is served when none is named.</param>
    /// <param name="files">The file system, to see that the repositories exist.</param>
    /// <param name="backends">The backends that are built in; settings are for one of them, or of those in the backends directory.</param>
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
        var mode = _values.Word(OptionTable.ModelControlMode) switch
        {
            "explicit" => ModelControlMode.Explicit,
            "poll" => ModelControlMode.Poll,
            _ => ModelControlMode.None,
        };
        var single = new SingleModelReader(_files, _values, _errors).Read();
        var (folders, remote, credentials) = Repositories(defaultRepository);
        var (tracing, openTelemetry) = _telemetry.ReadTracing();
        return new ServerOptions
        {
            ModelControlMode = mode,
            LoadModels = LoadModels(mode),
            RepositoryPollInterval = TimeSpan.FromSeconds(_values.Number(OptionTable.RepositoryPoll)),
            ModelConfigName = ConfigName(),
            ModelNamespacing = Namespacing(folders, remote),
            AllowModelLinks = _values.Boolean(OptionTable.AllowModelLinks),
            SingleModel = single,
            ModelRepositories = folders,
            RemoteRepositories = remote,
            CloudCredentials = credentials,
            Mirrors = new MirrorOptions { Directory = CacheDirectory(), MaxBytes = _values.Number(OptionTable.RepositoryCacheMaxBytes) },
            Id = _values.Text(OptionTable.Id),
            StrictReadiness = _values.Boolean(OptionTable.StrictReadiness),
            ExitOnError = _values.Boolean(OptionTable.ExitOnError),
            ExitTimeout = TimeSpan.FromSeconds(_values.Number(OptionTable.ExitTimeout)),
            DrainDelay = TimeSpan.FromSeconds(_values.Number(OptionTable.DrainDelay)),
            StartupHold = TimeSpan.FromSeconds(_values.Number(OptionTable.StartupHold)),
            AutoCompleteConfig = !_values.Boolean(OptionTable.DisableAutoComplete),
            ModelLoadThreads = (int)_values.Number(OptionTable.ModelLoadThreadCount),
            Residency = Residency(),
            ModelLoadRetries = (int)_values.Number(OptionTable.ModelLoadRetryCount),
            ModelAutoWarmup = _values.Boolean(OptionTable.ModelAutoWarmup),
            BackendFolders = _folders,
            Backends = BackendSettings(),
            ResponseCache = ResponseCache(),
            MaxQueueSize = (int)_values.Number(OptionTable.MaxQueueSize),
            MaxQueueBytes = _values.Number(OptionTable.MaxQueueBytes),
            MaxCallerExecution = TimeSpan.FromMicroseconds(_values.Number(OptionTable.MaxCallerExecution)),
            MaxConnections = _values.Number(OptionTable.MaxConnections) is > 0 and var connections ? (int)connections : DescriptorLimit.DefaultConnections(_files),
            RequestMemory = new RequestMemoryOptions
            {
                MaxBytes = _values.Number(OptionTable.MaxRequestMemory) is >= 0 and var bytes ? bytes : MemoryShare.OfProcess(),
                MaxWait = TimeSpan.FromSeconds(_values.Number(OptionTable.RequestMemoryWait)),
            },
            StallTimeout = _values.Number(OptionTable.StallTimeout) is > 0 and var stall ? TimeSpan.FromSeconds(stall) : null,
            RateLimiter = RateLimiter(),
            HostPolicies = HostPolicies(),
            AllowClientShm = _values.Boolean(OptionTable.AllowClientShm),
            Http = EndPoint(OptionTable.AllowHttp, OptionTable.HttpAddress, OptionTable.HttpPort),
            HttpMaxInputSize = _values.Number(OptionTable.HttpMaxInputSize),
            HttpMaxRequestBytes = _values.Number(OptionTable.HttpMaxRequestBytes),
            Grpc = EndPoint(OptionTable.AllowGrpc, OptionTable.GrpcAddress, OptionTable.GrpcPort),
            GrpcMaxRequestBytes = (int)_values.Number(OptionTable.GrpcMaxRequestBytes),
            GrpcMaxInflatedBytes = (int)_values.Number(OptionTable.GrpcMaxInflatedBytes),
            GrpcMaxStreamRequests = (int)_values.Number(OptionTable.GrpcMaxStreamRequests),
            GrpcMaxStreamBytes = _values.Number(OptionTable.GrpcMaxStreamBytes),
            GrpcMaxResponsePoolSize = (int)_values.Number(OptionTable.GrpcMaxResponsePoolSize),
            GrpcConnections = Connections(),
            GrpcInferResponseCompression = _values.Word(OptionTable.GrpcInferResponseCompressionLevel) switch
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
            Security = new SecurityOptionsReader(_values, _files, _errors).Read(),
            Tracing = tracing,
            OpenTelemetry = openTelemetry,
            MetricsContent = _telemetry.ReadMetrics(),
            RequestLog = _telemetry.ReadRequestLog(),
            Log = new LogSettings(
                (uint)_values.Number(OptionTable.LogVerbose),
                _values.Boolean(OptionTable.LogInfo),
                _values.Boolean(OptionTable.LogWarning),
                _values.Boolean(OptionTable.LogError),
                LogFormats.TryParse(_values.Word(OptionTable.LogFormat), out var format) ? format : LogFormat.Default),
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

    private ResidencyOptions Residency() => new()
    {
        Default = ModelResidencies.TryParse(_values.Word(OptionTable.ModelResidency), out var residency) ? residency : ModelResidency.Pinned,
        MemoryBudget = _values.Number(OptionTable.ModelMemoryBudget),
        IdleUnload = TimeSpan.FromSeconds(_values.Number(OptionTable.ModelIdleUnload)),
        ColdStartTimeout = TimeSpan.FromSeconds(_values.Number(OptionTable.ColdStartTimeout)),
        MaxColdRequests = (int)_values.Number(OptionTable.MaxColdRequests),
    };

    private HeaderForwarding? Forwarding(OptionDefinition option)
    {
        var (values, source) = _values.Raw(option);
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
        var (values, source) = _values.Raw(option);
        var problems = new List<string>();
        var restrictions = ApiRestrictions.Parse(values.Where(static value => value.Length > 0), headerPrefix, problems);
        _errors.AddRange(problems.Select(problem => $"{source}: {problem}"));
        return restrictions;
    }

    private string ConfigName()
    {
        var (values, source) = _values.Raw(OptionTable.ModelConfigName);
        var name = values[^1];
        if (name.Length > 0 && !ModelNames.IsValid(name))
        {
            _errors.Add($"{source}: expected the name of a file without its extension, got '{name}'");
        }

        return name;
    }

    private ImmutableArray<string> LoadModels(ModelControlMode mode)
    {
        var (values, source) = _values.Raw(OptionTable.LoadModel);
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

    private ConnectionOptions Connections()
    {
        if (!_values.Boolean(OptionTable.GrpcKeepAlivePermitWithoutCalls))
        {
            var (values, source) = _values.Raw(OptionTable.GrpcKeepAlivePermitWithoutCalls);
            _errors.Add($"{source}: the transport pings connections without calls too, expected true, got '{values[^1]}'; --{OptionTable.GrpcKeepAliveTime.Flag}={OptionTable.Never} switches its pings off");
        }

        var connections = new ConnectionOptions(
            _values.Milliseconds(OptionTable.GrpcKeepAliveTime),
            _values.Milliseconds(OptionTable.GrpcKeepAliveTimeout),
            _values.Milliseconds(OptionTable.GrpcMaxConnectionAge),
            _values.Milliseconds(OptionTable.GrpcMaxConnectionAgeGrace));
        if (connections.MaxAge == Timeout.InfiniteTimeSpan && connections.MaxAgeGrace != Timeout.InfiniteTimeSpan)
        {
            _errors.Add($"{_values.Raw(OptionTable.GrpcMaxConnectionAgeGrace).Source}: there is no grace without an age, expected --{OptionTable.GrpcMaxConnectionAge.Flag} beside it");
        }

        return connections;
    }

    private (ImmutableArray<string> Folders, ImmutableArray<RemoteAddress> Remote, CloudCredentials Credentials) Repositories(string defaultRepository)
    {
        var (values, source) = _values.Raw(OptionTable.ModelRepository);
        if (SingleModelReader.IsAlone(_values))
        {
            values = [];
        }
        else if (values is [var only] && only == OptionTable.ModelRepository.Default)
        {
            // Who only asks whether a server is ready has no use for the models.
            values = _isProbe ? [] : [defaultRepository];
        }

        return new RepositoriesReader(_files, source, _errors).Read(values);
    }

    private bool Namespacing(ImmutableArray<string> folders, ImmutableArray<RemoteAddress> remote)
    {
        if (!_values.Boolean(OptionTable.ModelNamespacing))
        {
            return false;
        }

        // What is given twice is one repository.
        var repositories = folders.Where(static folder => folder.Length > 0).DistinctBy(_files.Path.GetFullPath).Select(folder => (folder, ModelNamespaces.OfFolder(_files, folder)))
            .Concat(remote.DistinctBy(static address => address.Url).Select(static address => (address.Text, ModelNamespaces.OfUrl(address.Url))));
        _errors.AddRange(ModelNamespaces.FindProblems([.. repositories]).Select(problem => $"{_values.Raw(OptionTable.ModelNamespacing).Source}: {problem}"));
        return true;
    }

    private RateLimiterOptions RateLimiter()
    {
        var (values, source) = _values.Raw(OptionTable.RateLimitResource);
        return new RateLimitReader(source, _errors).Read(_values.Word(OptionTable.RateLimit) == "execution_count", values.Where(static value => value.Length > 0), (int)_values.Number(OptionTable.MaxConcurrentExecutions));
    }

    private HostPolicies HostPolicies()
    {
        var (values, source) = _values.Raw(OptionTable.HostPolicy);
        return new HostPolicyReader(_files, ThreadAffinity.Current(), source, _errors).Read(values.Where(static value => value.Length > 0));
    }

    private ResponseCacheSettings ResponseCache()
    {
        var (values, source) = _values.Raw(OptionTable.CacheConfig);
        return new CacheConfigReader(_files, Environment.GetEnvironmentVariable, source, _errors)
            .Read(values.Where(static value => value.Length > 0), _values.Number(OptionTable.ResponseCacheByteSize), _values.Raw(OptionTable.ResponseCacheByteSize).Source);
    }

    private string CacheDirectory()
    {
        var (values, source) = _values.Raw(OptionTable.RepositoryCacheDirectory);
        if (values[^1].Length > 0 && _files.File.Exists(values[^1]))
        {
            _errors.Add($"{source}: expected a folder, '{values[^1]}' is a file");
        }

        return values[^1];
    }

    private string BackendDirectory()
    {
        var (values, source) = _values.Raw(OptionTable.BackendDirectory);
        if (values[^1] == OptionTable.BackendDirectory.Default)
        {
            return _files.Path.Combine(AppContext.BaseDirectory, OptionTable.BackendDirectory.Default);
        }

        if (!_files.Directory.Exists(values[^1]))
        {
            _errors.Add($"{source}: the directory '{values[^1]}' does not exist");
        }

        return values[^1];
    }

    private ImmutableDictionary<string, ImmutableDictionary<string, string>> BackendSettings()
    {
        var (values, source) = _values.Raw(OptionTable.BackendConfig);
        return new BackendConfigReader(_backends, source, _errors).Read(values.Where(static value => value.Length > 0));
    }

    private IPEndPoint? EndPoint(OptionDefinition allow, OptionDefinition address, OptionDefinition port)
    {
        var isAllowed = _values.Boolean(allow);
        var number = (int)_values.Number(port);
        var (values, source) = _values.Raw(address);
        if (values[^1].Length == 0 && address == OptionTable.MetricsAddress)
        {
            (values, source) = _values.Raw(OptionTable.HttpAddress);
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
