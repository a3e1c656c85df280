using System.CommandLine;
using System.Net;
using InferenceServer.Bench;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>The options that the commands which talk to a server share.</summary>
internal sealed class WorkloadOptions
{
    private readonly Option<IPEndPoint> _http = OptionChecks.Address("--http", "Where the server listens for HTTP", 8000);
    private readonly Option<IPEndPoint> _grpc = OptionChecks.Address("--grpc", "Where the server listens for gRPC", 8001);
    private readonly Option<string> _model = OptionChecks.Name("--model", "The model to ask", "add_sub");
    private readonly Option<int> _rows = CheckedOption.Whole("--rows", "Size of a leading free dimension of every input", 1, 1, 65536);
    private readonly Option<double> _warmUp = CheckedOption.Seconds("--warmup", "Load before the measured time of each point", 1, 0, 600);
    private readonly Option<double> _seconds = CheckedOption.Seconds("--seconds", "Measured time of each point", 3, 0.1, 3600);
    private readonly Option<double> _timeout = CheckedOption.Seconds("--timeout", "Longest wait for one answer", 10, 0.1, 300);
    private readonly Option<bool> _anyAnswer = new("--any-answer")
    {
        Description = "Compare only the status of later answers; for models whose answers to equal requests differ",
    };

    private readonly Option<int> _threads = CheckedOption.Whole("--client-threads", "Threads of the client's for all connections over HTTP, which they read by turns; 0 for one each", 0, 0, 1024);

    private readonly SharedMemoryOptions _sharedMemory = new();

    public void AddTo(Command command)
    {
        AddServerAndModelTo(command);
        AddLoadTo(command);
    }

    /// <summary>How long a point is measured, and what is compared.</summary>
    public void AddLoadTo(Command command)
    {
        AddTimesTo(command);
        command.Add(_anyAnswer);
    }

    /// <summary>How long a point is measured, and by how many threads.</summary>
    public void AddTimesTo(Command command)
    {
        command.Add(_warmUp);
        command.Add(_seconds);
        command.Add(_threads);
    }

    /// <summary>For a command whose server may be asked with tensors in shared memory.</summary>
    public void AddSharedMemoryTo(Command command)
    {
        foreach (var option in _sharedMemory.All)
        {
            command.Add(option);
        }
    }

    /// <summary>For a command that asks but does not measure.</summary>
    public void AddServerAndModelTo(Command command)
    {
        AddServerTo(command);
        command.Add(_model);
    }

    /// <summary>For a command that has models of its own.</summary>
    public void AddServerTo(Command command)
    {
        AddAddressesTo(command);
        command.Add(_rows);
    }

    /// <summary>For a command that has sizes of its own, too.</summary>
    public void AddAddressesTo(Command command)
    {
        foreach (var option in (Option[])[_http, _grpc, _timeout])
        {
            command.Add(option);
        }
    }

    public LoadTarget Target(ParseResult parsed) => LoadTarget.Of(parsed.GetRequiredValue(_http), parsed.GetRequiredValue(_grpc));

    public string Model(ParseResult parsed) => parsed.GetRequiredValue(_model);

    public int Rows(ParseResult parsed) => parsed.GetRequiredValue(_rows);

    public TimeSpan WarmUp(ParseResult parsed) => TimeSpan.FromSeconds(parsed.GetRequiredValue(_warmUp));

    public TimeSpan Seconds(ParseResult parsed) => TimeSpan.FromSeconds(parsed.GetRequiredValue(_seconds));

    public TimeSpan Timeout(ParseResult parsed) => TimeSpan.FromSeconds(parsed.GetRequiredValue(_timeout));

    public int Threads(ParseResult parsed) => parsed.GetValue(_threads);

    /// <summary>Null for tensors in messages.</summary>
    /// <exception cref="BenchException">The options do not go together.</exception>
    public SharedMemoryPlan? SharedMemory(ParseResult parsed) => _sharedMemory.Problem(parsed) is { } problem ? throw new BenchException(problem) : _sharedMemory.Plan(parsed);

    public bool ExactAnswers(ParseResult parsed) => !parsed.GetValue(_anyAnswer);
}
