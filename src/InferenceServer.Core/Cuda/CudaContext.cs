namespace InferenceServer.Core.Cuda;

/// <summary>
/// A device's primary context, which engines in this process use too, and one count of it. The driver makes it for the first count and
/// frees it, hundreds of megabytes of the device's memory, with the last.
/// </summary>
internal sealed class CudaContext
{
    private readonly ICudaDriver _driver;
    private readonly int _device;
    private readonly nint _context;

    private CudaContext(ICudaDriver driver, int device, nint context)
    {
        _driver = driver;
        _device = device;
        _context = context;
    }

    /// <summary>Takes a count of a device's primary context.</summary>
    /// <param name="driver">The driver, initialised.</param>
    /// <param name="ordinal">The device's number, below the count of devices.</param>
    /// <param name="context">The context; null when there is a failure.</param>
    public static CudaFailure? Retain(ICudaDriver driver, int ordinal, out CudaContext? context)
    {
        context = null;
        var failure = CudaFailure.Of(driver, "cuDeviceGet", driver.DeviceGet(out var device, ordinal));
        if (failure is not null)
        {
            return failure;
        }

        failure = CudaFailure.Of(driver, "cuDevicePrimaryCtxRetain", driver.PrimaryContextRetain(out var retained, device));
        context = failure is null ? new CudaContext(driver, device, retained) : null;
        return failure;
    }

    /// <summary>Makes the context current on the calling thread until the scope is disposed, on the same thread.</summary>
    public CudaScope Enter() => new(_driver, _context);

    /// <summary>Gives the count back, exactly once.</summary>
    public CudaFailure? Release() => CudaFailure.Of(_driver, "cuDevicePrimaryCtxRelease", _driver.PrimaryContextRelease(_device));
}
