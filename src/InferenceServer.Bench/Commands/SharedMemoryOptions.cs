using System.CommandLine;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.Bench.Commands;

/// <summary>The options for tensors in shared memory.</summary>
internal sealed class SharedMemoryOptions
{
    private const string None = "none";
    private const string System = "system";

    /// <summary>Which memory.</summary>
    public Option<string> Kind { get; } = new Option<string>("--shared-memory")
    {
        Description = "Where the tensors of requests and answers are: none for in the messages, system for POSIX shared memory of this machine, which the server must allow (--allow-client-shm=true)",
        DefaultValueFactory = static _ => None,
    }.AcceptOnlyFromAmong(None, System);

    /// <summary>How much of it an output may take.</summary>
    public Option<int> OutputBytes { get; } = CheckedOption.Whole("--output-shared-memory-size", "Bytes in shared memory for each output; 0 for as many as it has in the first answer", 0, 0, int.MaxValue);

    public IReadOnlyList<Option> All => [Kind, OutputBytes];

    /// <summary>What is to be done; null for tensors in messages.</summary>
    public SharedMemoryPlan? Plan(ParseResult parsed) => parsed.GetRequiredValue(Kind) == None ? null : new SharedMemoryPlan(parsed.GetRequiredValue(OutputBytes) is > 0 and var bytes ? bytes : null);

    /// <summary>What is wrong with the two together, or on this system; null for nothing.</summary>
    public string? Problem(ParseResult parsed)
    {
        if (Plan(parsed) is null)
        {
            return parsed.GetRequiredValue(OutputBytes) > 0 ? $"{OutputBytes.Name}: expected {Kind.Name} {System} beside it" : null;
        }

        return OperatingSystem.IsLinux() ? null : $"{Kind.Name}: expected {None}, as POSIX shared memory is used on Linux alone; got '{System}'";
    }
}
