using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Cuda;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.SharedMemory;

/// <summary>
/// An allocation of another process on a device, opened by its handle. It keeps the device's context, so that the driver's own memory on a
/// device is there only while a region is.
/// </summary>
internal sealed class CudaMemory : RegionMemory
{
    /// <summary>The only flag there is, and one that must be given: memory of another device is made reachable when it is used.</summary>
    private const uint EnablePeerAccess = 1;

    private readonly ICudaDriver _driver;
    private readonly CudaContext _context;
    private readonly ulong _pointer;
    private readonly ILogger _logger;

    private CudaMemory(ICudaDriver driver, CudaContext context, ulong pointer, ILogger logger)
    {
        _driver = driver;
        _context = context;
        _pointer = pointer;
        _logger = logger;
    }

    /// <summary>Opens an allocation, with a count for the caller.</summary>
    /// <param name="devices">The devices.</param>
    /// <param name="claim">What the client says.</param>
    /// <param name="logger">Where it is said what fails when nobody waits for an answer.</param>
    /// <param name="opened">The memory, at least as long as the client says.</param>
    /// <param name="error">InvalidArgument, or ResourceExhausted when the driver has no memory for it.</param>
    public static bool TryOpen(CudaDevices devices, in CudaRegistration claim, ILogger logger, [NotNullWhen(true)] out CudaMemory? opened, [NotNullWhen(false)] out InferenceError? error)
    {
        opened = null;
        if (devices.Prepare(out var count) is { } problem)
        {
            error = CudaErrors.NoCuda(claim.Name, problem);
            return false;
        }

        if (claim.Device < 0 || claim.Device >= count)
        {
            error = CudaErrors.NoDevice(claim.Name, claim.Device, count);
            return false;
        }

        if (CudaContext.Retain(devices.Driver, (int)claim.Device, out var context) is { } failure)
        {
            error = CudaErrors.CannotOpen(claim.Name, failure);
            return false;
        }

        error = Open(devices.Driver, context!, claim, out var pointer);
        if (error is not null)
        {
            Warn(logger, context!.Release());
            return false;
        }

        opened = new CudaMemory(devices.Driver, context!, pointer, logger);
        return true;
    }

    public override InferenceError? Read(string region, long offset, TensorBuffer destination)
    {
        if (destination.Length == 0)
        {
            return null;
        }

        using var scope = _context.Enter();
        var failure = scope.Failure ?? CudaFailure.Of(_driver, "cuMemcpyDtoH", _driver.CopyToHost(destination.Pointer, _pointer + (ulong)offset, (nuint)destination.Length));
        return failure is null ? null : CudaErrors.NotReadable(region, failure);
    }

    public override InferenceError? Write(string region, long offset, in TensorView source)
    {
        if (source.Length == 0)
        {
            return null;
        }

        using var scope = _context.Enter();
        var failure = scope.Failure ?? CudaFailure.Of(_driver, "cuMemcpyHtoD", _driver.CopyToDevice(_pointer + (ulong)offset, source.Pointer, (nuint)source.Length));

        // The copy may return when the bytes have been taken, before the last of them are on the device. The client, whose own
        // stream knows nothing of it, must find them there when it has its answer.
        failure ??= CudaFailure.Of(_driver, "cuStreamSynchronize", _driver.StreamSynchronize(0));
        return failure is null ? null : CudaErrors.NotWritable(region, failure);
    }

    protected override void Close()
    {
        using (var scope = _context.Enter())
        {
            Warn(_logger, scope.Failure ?? CudaFailure.Of(_driver, "cuIpcCloseMemHandle", _driver.CloseMemory(_pointer)));
        }

        Warn(_logger, _context.Release());
    }

    private static InferenceError? Open(ICudaDriver driver, CudaContext context, in CudaRegistration claim, out ulong pointer)
    {
        pointer = 0;
        using var scope = context.Enter();
        var failure = scope.Failure ?? CudaFailure.Of(driver, "cuIpcOpenMemHandle", driver.OpenMemory(out pointer, claim.Handle, EnablePeerAccess));
        if (failure is not null)
        {
            return CudaErrors.CannotOpen(claim.Name, failure);
        }

        failure = CudaFailure.Of(driver, "cuMemGetAddressRange", driver.GetAddressRange(out var start, out var size, pointer));
        if (failure is null && Holds(start, size, pointer, claim.ByteSize))
        {
            return null;
        }

        // What the client is told is why it cannot be used, not what may go wrong while it is closed again.
        driver.CloseMemory(pointer);
        return failure is null ? CudaErrors.BeyondAllocation(claim.Name, claim.ByteSize) : CudaErrors.CannotOpen(claim.Name, failure);
    }

    private static bool Holds(ulong start, ulong size, ulong pointer, ulong byteSize) => pointer >= start && pointer - start <= size && byteSize <= size - (pointer - start);

    private static void Warn(ILogger logger, CudaFailure? failure)
    {
        if (failure is not null)
        {
            SharedMemoryLog.NotClosed(logger, failure.ToString());
        }
    }
}
