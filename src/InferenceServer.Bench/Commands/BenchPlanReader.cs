using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO.Abstractions;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Inputs;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Output;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Commands;

/// <summary>Makes a plan of what the command line says, and lists everything that is wrong with it.</summary>
internal sealed class BenchPlanReader(BenchOptions options, ParseResult parsed, IFileSystem files, Func<string, string?> environment)
{
    private const int HttpPort = 8000;
    private const int RpcPort = 8001;

    private readonly List<string> _errors = [];

    /// <returns>Null when something is wrong.</returns>
    public BenchPlan? Read(out IReadOnlyList<string> errors)
    {
        errors = _errors;
        var servers = new List<LoadTarget>();
        AddServer(servers, options.Url, options.GrpcUrl);
        if (parsed.GetValue(options.Compare) is not null)
        {
            AddServer(servers, options.Compare, options.CompareGrpcUrl);
        }
        else if (parsed.GetValue(options.CompareGrpcUrl) is not null)
        {
            _errors.Add("--compare-grpc-url: expected --compare beside it");
        }

        CheckFiles();
        CheckCombinations();
        CheckSharedMemory(servers);
        var headers = new HeaderReader(environment, _errors).Read(parsed.GetRequiredValue(options.Headers), parsed.GetRequiredValue(options.HeadersFrom));
        var trust = new ServerTrust(TrustReader.Read(files, parsed.GetValue(options.Ca), _errors), parsed.GetValue(options.Insecure));
        var shapes = InputOptionReader.Shapes(parsed.GetRequiredValue(options.Shapes), _errors);
        var parameters = InputOptionReader.Parameters(parsed.GetRequiredValue(options.Parameters), _errors);
        if (_errors.Count > 0)
        {
            return null;
        }

        var isComparison = servers.Count > 1;
        return new BenchPlan
        {
            Model = parsed.GetRequiredValue(options.Model),
            Version = parsed.GetValue(options.ModelVersion),
            Servers = servers,
            Encodings = parsed.GetRequiredValue(options.Encodings),
            Loads = Loads(),
            Sweep = parsed.GetValue(options.Sweep) ? SweepOf() : null,
            Percentile = parsed.GetRequiredValue(options.Percentile),
            Rounds = IsGiven(options.Rounds) ? parsed.GetRequiredValue(options.Rounds) : isComparison ? 5 : 1,
            WarmUp = new WarmUpPlan(
                TimeSpan.FromSeconds(parsed.GetRequiredValue(options.Window)),
                parsed.GetRequiredValue(options.MaxWindows),
                parsed.GetRequiredValue(options.Stability) / 100,
                parsed.GetRequiredValue(options.Percentile)),
            Measure = TimeSpan.FromSeconds(parsed.GetRequiredValue(options.Seconds)),
            Settings = new ConnectionSettings(TimeSpan.FromSeconds(parsed.GetRequiredValue(options.Timeout)), headers, trust),
            Inputs = new InputOptions
            {
                Rows = parsed.GetRequiredValue(options.Rows),
                Shapes = shapes,
                Seed = parsed.GetRequiredValue(options.Seed) - 1,
                Distinct = parsed.GetRequiredValue(options.Distinct),
                StringLength = parsed.GetRequiredValue(options.StringLength),
            },
            InputData = parsed.GetValue(options.InputData),
            Parameters = parameters,
            ChecksAnswers = parsed.GetValue(options.CheckAnswers),
            SharedMemory = options.SharedMemory.Plan(parsed),
        };
    }

    private bool IsGiven(Option option) => parsed.GetResult(option) is OptionResult { Implicit: false };

    private IReadOnlyList<LoadLevel> Loads()
    {
        var inFlight = parsed.GetRequiredValue(options.InFlight);
        return IsGiven(options.Rates)
            ? [.. parsed.GetRequiredValue(options.Rates).Select(rate => LoadLevel.Open(
                rate, parsed.GetRequiredValue(options.Arrivals) == "poisson", inFlight, parsed.GetRequiredValue(options.MaxConnections), parsed.GetRequiredValue(options.Seed)))]
            : [.. parsed.GetRequiredValue(options.Connections).Select(connections => LoadLevel.Closed(connections, inFlight))];
    }

    private SweepPlan SweepOf()
    {
        var isOpen = IsGiven(options.Rates);
        return new SweepPlan(
            Loads()[0].Amount,
            isOpen ? parsed.GetRequiredValue(options.MaxRate) : parsed.GetRequiredValue(options.MaxConnections),
            !isOpen,
            parsed.GetValue(options.LatencyTarget),
            parsed.GetRequiredValue(options.MaxSteps));
    }

    private void AddServer(List<LoadTarget> servers, Option<string?> url, Option<string?> grpcUrl)
    {
        var text = parsed.GetValue(url) ?? "";
        if (ServerAddress.TryParse(text, HttpPort) is not { } http)
        {
            _errors.Add($"{url.Name}: expected host, host:port, http://host:port or https://host:port without a path; got '{text}'");
            return;
        }

        var grpc = parsed.GetValue(grpcUrl) is { } given ? ServerAddress.TryParse(given, RpcPort) : http with { Port = RpcPort };
        if (grpc is null)
        {
            _errors.Add($"{grpcUrl.Name}: expected host, host:port, http://host:port or https://host:port without a path; got '{parsed.GetValue(grpcUrl)}'");
            return;
        }

        servers.Add(new LoadTarget(http, grpc));
    }

    private void CheckFiles()
    {
        foreach (var option in (Option<string?>[])[options.Json, options.Html])
        {
            if (parsed.GetValue(option) is { } path && ReportFile.Problem(files, path) is { } problem)
            {
                _errors.Add($"{option.Name}: {problem}");
            }
        }

        if (parsed.GetValue(options.InputData) is { } data && !files.File.Exists(data))
        {
            _errors.Add($"--input-data: expected a file; there is no '{data}'");
        }
    }

    /// <summary>What would have no effect is refused: whoever gives it believes that it has one.</summary>
    private void CheckCombinations()
    {
        var isSweep = parsed.GetValue(options.Sweep);
        Refuse(IsGiven(options.Rates) && IsGiven(options.Connections), "--rate and --connections: expected one of them; an open loop opens connections as it needs them, up to --max-connections");
        Refuse(IsGiven(options.Arrivals) && !IsGiven(options.Rates), "--arrivals: expected --rate beside it");
        Refuse(isSweep && IsGiven(options.Compare), "--sweep: expected without --compare");
        Refuse(isSweep && IsGiven(options.Rounds), "--rounds: expected without --sweep, which measures each load once");
        Refuse(!isSweep && IsGiven(options.LatencyTarget), "--latency-target-ms: expected --sweep beside it");
        Refuse(parsed.GetValue(options.LatencyTarget) is <= 0 or double.NaN, "--latency-target-ms: expected more than 0");
        Refuse(isSweep && !IsGiven(options.Rates) && parsed.GetRequiredValue(options.Connections)[0] > parsed.GetRequiredValue(options.MaxConnections), "--connections: a sweep begins with the first of them, which must not exceed --max-connections");
        Refuse(isSweep && IsGiven(options.Rates) && parsed.GetRequiredValue(options.Rates) is [var first, ..] && first > parsed.GetRequiredValue(options.MaxRate), "--rate: a sweep begins with the first of them, which must not exceed --max-rate");
        Refuse(parsed.GetRequiredValue(options.InFlight) > 1 && parsed.GetRequiredValue(options.Encodings).Any(static one => one != WireEncoding.Stream), "--in-flight: expected --encoding stream and no other; elsewhere a connection carries one request at a time");
        Refuse(IsGiven(options.InputData) && IsGiven(options.Distinct), "--distinct: expected without --input-data, whose requests are sent in turn");
        Refuse(IsGiven(options.Ca) && parsed.GetValue(options.Insecure), "--ca and --insecure: expected one of them");
    }

    /// <summary>Memory of this machine is of no use to a server on another.</summary>
    private void CheckSharedMemory(IReadOnlyList<LoadTarget> servers)
    {
        if (options.SharedMemory.Problem(parsed) is { } problem)
        {
            _errors.Add(problem);
        }

        if (options.SharedMemory.Plan(parsed) is not null
            && servers.SelectMany(server => parsed.GetRequiredValue(options.Encodings).Select(server.For)).FirstOrDefault(static address => !address.IsLoopback) is { } elsewhere)
        {
            _errors.Add($"{options.SharedMemory.Kind.Name} system: expected a server on this machine, at localhost, 127.0.0.1 or [::1]; got '{elsewhere}'");
        }
    }

    private void Refuse(bool isWrong, string error)
    {
        if (isWrong)
        {
            _errors.Add(error);
        }
    }
}
