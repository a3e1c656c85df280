using System.Collections.Immutable;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>What a model's configuration says of execution providers.</summary>
internal sealed record ProviderSettings
{
    /// <summary>The option that says on which GPU a provider runs.</summary>
    public const string DeviceOption = "device_id";

    /// <summary>Those for every instance, the most wanted first; default when the configuration names none.</summary>
    public ImmutableArray<ExecutionProvider> Listed { get; init; }

    /// <summary>The accelerators of instances on GPUs.</summary>
    public ImmutableArray<ExecutionProvider> GpuAccelerators { get; init; } = [];

    /// <summary>The accelerators of instances on the processor.</summary>
    public ImmutableArray<ExecutionProvider> CpuAccelerators { get; init; } = [];

    /// <summary>CUDA, with the options that the configuration gives for it; what instances on GPUs run on when no list says otherwise.</summary>
    public ExecutionProvider Cuda { get; init; } = new(ProviderKind.Cuda, ImmutableSortedDictionary<string, string>.Empty);

    /// <summary>True when instances whose providers cannot be had run without them.</summary>
    public bool FallsBack { get; init; }

    /// <summary>What is said of groups of instances by name; they have no groups of their own.</summary>
    public ImmutableDictionary<string, ProviderSettings> Groups { get; init; } = ImmutableDictionary<string, ProviderSettings>.Empty;

    /// <summary>What holds for the instances of a group.</summary>
    public ProviderSettings Of(string group) => Groups.GetValueOrDefault(group, this);

    /// <summary>The providers of an instance, the most wanted first. The processor takes what they leave, and need not be among them.</summary>
    /// <param name="gpu">The number of its GPU; null when it is not to run on one.</param>
    public ImmutableArray<ExecutionProvider> For(int? gpu)
    {
        var wanted = !Listed.IsDefault ? Listed : gpu is null ? CpuAccelerators : GpuAccelerators.Any(static one => one.Kind == ProviderKind.Cuda) ? GpuAccelerators : GpuAccelerators.Add(Cuda);
        return gpu is { } device
            ? [.. wanted.Select(one => one.Kind.HasDevices ? one.With([new(DeviceOption, FormattableString.Invariant($"{device}"))]) : one)]
            : wanted;
    }
}
