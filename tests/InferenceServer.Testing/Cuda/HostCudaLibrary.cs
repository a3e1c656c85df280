using InferenceServer.Testing.Native;

namespace InferenceServer.Testing.Cuda;

/// <summary>
/// A library of the driver's name and functions that keeps the memory of its devices in the machine's: real calls and real handles between
/// processes, without a device.
/// </summary>
/// <param name="define">A macro that leaves something out; null for the whole of it.</param>
public sealed class HostCudaLibrary(string? define = null) : CompiledLibrary(Path.Combine("cuda", "driver.c"), "libcuda.so.1", define);
