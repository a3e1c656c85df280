using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Host.Trials;

/// <summary>An execution accelerator, as a trial is told of it.</summary>
internal sealed record TrialAccelerator(string Name, InstanceKind Kind, Dictionary<string, string> Parameters)
{
    public static TrialAccelerator Of(ExecutionAccelerator accelerator) => new(accelerator.Name, accelerator.Kind, new Dictionary<string, string>(accelerator.Parameters));

    public ExecutionAccelerator ToAccelerator() => new(Name, Kind) { Parameters = Parameters };
}
