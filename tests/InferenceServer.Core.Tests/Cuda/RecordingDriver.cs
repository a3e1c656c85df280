using System.Collections.Concurrent;
using System.Globalization;
using InferenceServer.Core.Cuda;

namespace InferenceServer.Core.Tests.Cuda;

/// <summary>
/// A driver of two devices whose memory is the machine's. It writes each call down with its arguments, fails where a test says so, and counts
/// what is held. As the real one it does nothing without a current context.
/// </summary>
internal sealed class RecordingDriver : ICudaDriver
{
    /// <summary>The address of the first allocation; that of the next is a step higher.</summary>
    public const ulong FirstAddress = 0x7000_0000_0000;

    public const int Devices = 2;

    private const ulong Step = 0x1_0000_0000;
    private const CudaResult InvalidValue = (CudaResult)1;
    private const CudaResult InvalidContext = (CudaResult)201;
    private const CudaResult InvalidHandle = (CudaResult)400;

    private static readonly Dictionary<int, (string Name, string Text)> s_errors = new()
    {
        [1] = ("CUDA_ERROR_INVALID_VALUE", "invalid argument"),
        [2] = ("CUDA_ERROR_OUT_OF_MEMORY", "out of memory"),
        [100] = ("CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"),
        [201] = ("CUDA_ERROR_INVALID_CONTEXT", "invalid device context"),
        [400] = ("CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"),
        [700] = ("CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"),
    };

    private readonly Lock _gate = new();
    private readonly List<string> _calls = [];
    private readonly List<byte[]> _allocations = [];
    private readonly Dictionary<string, CudaResult> _failures = [];
    private readonly ConcurrentDictionary<int, Stack<nint>> _current = new();
    private readonly int[] _retained = new int[Devices];
    private readonly Dictionary<ulong, int> _opened = [];

    /// <summary>What <see cref="Load"/> says is missing.</summary>
    public string? Missing { get; set; }

    /// <summary>How many devices there are said to be.</summary>
    public int Count { get; set; } = Devices;

    /// <summary>How many bytes of an allocation lie before where its handle leads to.</summary>
    public int Lead { get; set; }

    /// <summary>Called with each function's name before it does anything, on the calling thread.</summary>
    public Action<string>? Before { get; set; }

    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>The calls since this was asked last.</summary>
    public string[] TakeCalls()
    {
        lock (_gate)
        {
            string[] calls = [.. _calls];
            _calls.Clear();
            return calls;
        }
    }

    /// <summary>How often allocations are open.</summary>
    public int Opened
    {
        get
        {
            lock (_gate)
            {
                return _opened.Values.Sum();
            }
        }
    }

    /// <summary>How many counts of contexts are held.</summary>
    public int Retained
    {
        get
        {
            lock (_gate)
            {
                return _retained.Sum();
            }
        }
    }

    /// <summary>How many contexts are left on threads.</summary>
    public int Pushed => _current.Values.Sum(static stack => stack.Count);

    /// <summary>Makes an allocation, as another process would; returns its memory and its handle.</summary>
    public (byte[] Memory, byte[] Handle) Allocate(int size)
    {
        lock (_gate)
        {
            _allocations.Add(new byte[size]);
            var handle = Enumerable.Range(0, CudaMemoryHandle.Size).Select(static i => (byte)(255 - i)).ToArray();
            handle[0] = (byte)_allocations.Count;
            return (_allocations[^1], handle);
        }
    }

    /// <summary>Has calls fail from now on; with success they work again.</summary>
    /// <param name="calls">A function's name, or one call as it is written down.</param>
    /// <param name="result">What they answer.</param>
    public void Fail(string calls, int result)
    {
        lock (_gate)
        {
            _failures[calls] = (CudaResult)result;
        }
    }

    public string? Load() => Enter("load", "load") == CudaResult.Success ? Missing : Missing ?? "a library";

    public CudaResult Init(uint flags) => Enter("cuInit", $"cuInit({flags})");

    public CudaResult DeviceGetCount(out int count)
    {
        count = Count;
        return Enter("cuDeviceGetCount", "cuDeviceGetCount()");
    }

    public CudaResult DeviceGet(out int device, int ordinal)
    {
        device = 10 + ordinal;
        return Enter("cuDeviceGet", $"cuDeviceGet({ordinal})");
    }

    public CudaResult PrimaryContextRetain(out nint context, int device)
    {
        context = 0;
        var result = Enter("cuDevicePrimaryCtxRetain", $"cuDevicePrimaryCtxRetain({device})");
        if (result == CudaResult.Success)
        {
            lock (_gate)
            {
                _retained[device - 10]++;
                context = 100 + device;
            }
        }

        return result;
    }

    public CudaResult PrimaryContextRelease(int device)
    {
        var result = Enter("cuDevicePrimaryCtxRelease", $"cuDevicePrimaryCtxRelease({device})");
        lock (_gate)
        {
            _retained[device - 10]--;
        }

        return result;
    }

    public CudaResult ContextPush(nint context)
    {
        var result = Enter("cuCtxPushCurrent", $"cuCtxPushCurrent({context})");
        if (result == CudaResult.Success)
        {
            Current.Push(context);
        }

        return result;
    }

    public CudaResult ContextPop(out nint context)
    {
        context = Current.Pop();
        return Enter("cuCtxPopCurrent", "cuCtxPopCurrent()");
    }

    public CudaResult OpenMemory(out ulong pointer, in CudaMemoryHandle handle, uint flags)
    {
        pointer = 0;
        var bytes = handle.ToArray();
        var result = EnterWithContext("cuIpcOpenMemHandle", $"cuIpcOpenMemHandle({Convert.ToHexString(bytes.AsSpan(0, 2))}..{Convert.ToHexString(bytes.AsSpan(62))}, {flags})");
        if (result != CudaResult.Success)
        {
            return result;
        }

        lock (_gate)
        {
            if (bytes[0] == 0 || bytes[0] > _allocations.Count)
            {
                return InvalidHandle;
            }

            pointer = AddressOf(bytes[0] - 1) + (ulong)Lead;
            _opened[pointer] = _opened.GetValueOrDefault(pointer) + 1;
            return result;
        }
    }

    public CudaResult CloseMemory(ulong pointer)
    {
        var result = EnterWithContext("cuIpcCloseMemHandle", $"cuIpcCloseMemHandle({Text(pointer)})");
        lock (_gate)
        {
            // As the driver does: what fails here has let the memory go nevertheless, or there is no way to tell.
            _opened[pointer]--;
        }

        return result;
    }

    public CudaResult GetAddressRange(out ulong start, out nuint size, ulong pointer)
    {
        (start, size) = (0, 0);
        var result = EnterWithContext("cuMemGetAddressRange", $"cuMemGetAddressRange({Text(pointer)})");
        if (result == CudaResult.Success)
        {
            lock (_gate)
            {
                var place = (int)((pointer - FirstAddress) / Step);
                (start, size) = (AddressOf(place), (nuint)_allocations[place].Length);
            }
        }

        return result;
    }

    public unsafe CudaResult CopyToHost(nint destination, ulong source, nuint size)
    {
        var result = EnterWithContext("cuMemcpyDtoH", $"cuMemcpyDtoH({Text(source)}, {size})");
        if (result == CudaResult.Success)
        {
            Find(source, (int)size).CopyTo(new Span<byte>((void*)destination, (int)size));
        }

        return result;
    }

    public unsafe CudaResult CopyToDevice(ulong destination, nint source, nuint size)
    {
        var result = EnterWithContext("cuMemcpyHtoD", $"cuMemcpyHtoD({Text(destination)}, {size})");
        if (result == CudaResult.Success)
        {
            new ReadOnlySpan<byte>((void*)source, (int)size).CopyTo(Find(destination, (int)size));
        }

        return result;
    }

    public CudaResult StreamSynchronize(nint stream) => EnterWithContext("cuStreamSynchronize", $"cuStreamSynchronize({stream})");

    public CudaResult GetErrorName(CudaResult error, out string? name)
    {
        var isKnown = s_errors.TryGetValue((int)error, out var known);
        name = known.Name;
        return isKnown ? CudaResult.Success : InvalidValue;
    }

    public CudaResult GetErrorString(CudaResult error, out string? text)
    {
        var isKnown = s_errors.TryGetValue((int)error, out var known);
        text = known.Text;
        return isKnown ? CudaResult.Success : InvalidValue;
    }

    /// <summary>The contexts that have been pushed onto the calling thread.</summary>
    private Stack<nint> Current => _current.GetOrAdd(Environment.CurrentManagedThreadId, static _ => new());

    private static ulong AddressOf(int allocation) => FirstAddress + ((ulong)allocation * Step);

    private static string Text(ulong address) => "0x" + address.ToString("x", CultureInfo.InvariantCulture);

    private CudaResult Enter(string function, string call)
    {
        Before?.Invoke(function);
        lock (_gate)
        {
            _calls.Add(call);
            return _failures.TryGetValue(call, out var result) ? result : _failures.GetValueOrDefault(function);
        }
    }

    private CudaResult EnterWithContext(string function, string call)
    {
        var result = Enter(function, call);
        return result == CudaResult.Success && Current.Count == 0 ? InvalidContext : result;
    }

    /// <summary>Memory that is open, and all of it within its allocation: anything else is a fault of the server, which the process of a real driver might not survive.</summary>
    private Span<byte> Find(ulong address, int size)
    {
        lock (_gate)
        {
            var place = (int)((address - FirstAddress) / Step);
            if (_opened.GetValueOrDefault(AddressOf(place) + (ulong)Lead) <= 0)
            {
                throw new InvalidOperationException("memory is used that has been closed");
            }

            return _allocations[place].AsSpan((int)(address - AddressOf(place)), size);
        }
    }
}
