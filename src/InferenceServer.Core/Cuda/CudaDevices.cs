namespace InferenceServer.Core.Cuda;

/// <summary>The devices of this machine, which are looked for when they are needed first.</summary>
internal sealed class CudaDevices(ICudaDriver driver)
{
    private readonly Lock _gate = new();
    private int _count;

    public ICudaDriver Driver => driver;

    /// <summary>Loads and initialises the driver, unless that has succeeded before.</summary>
    /// <param name="count">How many devices there are; above 0 when nothing is missing.</param>
    /// <returns>What is missing, as a part of a sentence, or null. The next call looks again.</returns>
    public string? Prepare(out int count)
    {
        // Whoever else needs the driver meanwhile has to wait for it anyway.
        lock (_gate)
        {
            var problem = _count > 0 ? null : driver.Load() ?? Initialise();
            count = _count;
            return problem;
        }
    }

    private string? Initialise()
    {
        var failure = CudaFailure.Of(driver, "cuInit", driver.Init(0));
        if (failure is not null)
        {
            return failure.ToString();
        }

        failure = CudaFailure.Of(driver, "cuDeviceGetCount", driver.DeviceGetCount(out var count));
        if (failure is not null || count <= 0)
        {
            return failure?.ToString() ?? "the driver finds no device";
        }

        _count = count;
        return null;
    }
}
