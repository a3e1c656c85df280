using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;

namespace InferenceServer.Bench.Runs;

/// <summary>Where the client ran, which a reader needs to judge the numbers.</summary>
internal sealed record BenchEnvironment(DateTimeOffset StartedAt, string Tool, int Processors, string System, string Architecture, string Runtime, bool IsServerCollector)
{
    public static BenchEnvironment Here(TimeProvider clock) => new(
        clock.GetUtcNow(),
        typeof(BenchEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
        global::System.Environment.ProcessorCount,
        RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString(),
        RuntimeInformation.FrameworkDescription,
        GCSettings.IsServerGC);
}
