namespace InferenceServer.Host.Gpus;

/// <summary>How one GPU stands. What its driver does not tell of it is null.</summary>
/// <param name="Uuid">Its name, which stays the same wherever it is plugged in.</param>
internal sealed record GpuReading(string Uuid)
{
    /// <summary>The part of the last moments for which it was busy, from 0 to 1.</summary>
    public double? Utilization { get; init; }

    /// <summary>Its memory in bytes.</summary>
    public double? MemoryTotal { get; init; }

    /// <summary>What is taken of it, by whomever.</summary>
    public double? MemoryUsed { get; init; }

    /// <summary>What it takes now, in watts.</summary>
    public double? Power { get; init; }

    /// <summary>What it may take, in watts.</summary>
    public double? PowerLimit { get; init; }

    /// <summary>What it has taken since its driver was loaded, in joules.</summary>
    public double? Energy { get; init; }
}
