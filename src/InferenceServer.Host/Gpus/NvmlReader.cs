using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace InferenceServer.Host.Gpus;

/// <summary>
/// Reads NVIDIA's GPUs by the management library of their driver (NVML). It is looked for when it is needed first; where it is not there, or is too old to have what is asked of it, there are no
/// GPUs to tell of, and nobody looks again.
/// </summary>
/// <param name="library">What the library is called.</param>
internal sealed class NvmlReader(string library) : IGpuReader
{
    /// <summary>What the driver's installation calls it.</summary>
    public const string LibraryName = "libnvidia-ml.so.1";

    private const int Success = 0;
    private const int UuidLength = 96;

    private readonly Lock _lock = new();
    private NvmlFunctions? _functions;
    private bool _hasLooked;

    public ImmutableArray<GpuReading> Read()
    {
        lock (_lock)
        {
            if (!_hasLooked)
            {
                _hasLooked = true;
                _functions = Load();
            }

            if (_functions is not { } functions || functions.GetCount(out var count) != Success)
            {
                return [];
            }

            var readings = ImmutableArray.CreateBuilder<GpuReading>();
            for (var i = 0u; i < count; i++)
            {
                if (functions.GetHandle(i, out var device) == Success && ReadOne(functions, device) is { } reading)
                {
                    readings.Add(reading);
                }
            }

            return readings.ToImmutable();
        }
    }

    private static GpuReading? ReadOne(NvmlFunctions functions, nint device)
    {
        var uuid = new byte[UuidLength];
        if (functions.GetUuid(device, uuid, UuidLength) != Success)
        {
            return null;
        }

        var end = Array.IndexOf<byte>(uuid, 0);
        var hasMemory = functions.GetMemory(device, out var memory) == Success;
        return new GpuReading(Encoding.UTF8.GetString(uuid, 0, end < 0 ? uuid.Length : end))
        {
            // In per cent, bytes, milliwatts and millijoules.
            Utilization = functions.GetUtilization(device, out var utilization) == Success ? utilization.Gpu / 100.0 : null,
            MemoryTotal = hasMemory ? memory.Total : null,
            MemoryUsed = hasMemory ? memory.Used : null,
            Power = functions.GetPower(device, out var power) == Success ? power / 1000.0 : null,
            PowerLimit = functions.GetPowerLimit(device, out var limit) == Success ? limit / 1000.0 : null,
            Energy = functions.GetEnergy(device, out var energy) == Success ? energy / 1000.0 : null,
        };
    }

    private NvmlFunctions? Load()
    {
        if (!NativeLibrary.TryLoad(library, out var handle))
        {
            return null;
        }

        // It stays for the life of the process: whoever took it away could not know who is still in it.
        return NvmlFunctions.TryFind(handle) is { } functions && functions.Init() == Success ? functions : null;
    }
}
