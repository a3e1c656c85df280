using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Engine;

/// <summary>
/// A TorchScript module by TorchSharp's native library alone. TorchSharp's own class for one never frees it, weights and all, nor the messages of its errors.
/// </summary>
internal sealed unsafe partial class NativeModule : IModule
{
    private const string Library = "LibTorchSharp";

    // Kinds of arguments.
    private const long TensorArgument = 0;
    private const long NoArgument = 8;

    // Kinds of results that consist of tensors and nothing else. The others are scalars, and lists and tuples of them or of one another.
    private const sbyte SingleTensor = 1;
    private const sbyte TupleOfTensors = 2;
    private const sbyte ListOfTensors = 3;
    private const sbyte ListOfTensorsAndNothing = 7;
    private const sbyte Nothing = 8;
    private const sbyte TupleOfAnything = 10;

    private const int CpuDevice = 0;
    private const int CudaDevice = 1;

    // What a call gives is written into memory that the caller provides, on the thread that calls.
    [ThreadStatic]
    private static NativeValue[]? t_results;

    [ThreadStatic]
    private static int t_resultCount;

    private nint _module;

    private NativeModule(nint module) => _module = module;

    /// <summary>True when the model was saved as it is trained, and not as it is used.</summary>
    public bool IsTraining => IsTrainingMode(_module) != 0;

    /// <summary>Loads a model.</summary>
    /// <exception cref="TorchException">libtorch cannot load it; the message is its own.</exception>
    public static NativeModule Load(ModuleSource source, int? gpu)
    {
        var device = gpu is null ? CpuDevice : CudaDevice;
        nint module;
        if (source.Content is { } content)
        {
            fixed (byte* start = content)
            {
                module = LoadBytes(start, content.Length, device, gpu ?? -1);
            }
        }
        else
        {
            module = LoadFile(source.Path, device, gpu ?? -1);
        }

        ThrowLastError();
        return new NativeModule(module);
    }

    /// <summary>Makes it ready for use: what it does in training alone, such as leaving out values by chance, is off.</summary>
    public void Evaluate() => SetEvaluationMode(_module);

    /// <inheritdoc />
    public Tensor?[] Call(string method, ReadOnlySpan<Tensor?> arguments)
    {
        Span<NativeValue> values = arguments.Length <= 32 ? stackalloc NativeValue[arguments.Length] : new NativeValue[arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i] is { } tensor ? new NativeValue(TensorArgument, -1, tensor.Handle) : new NativeValue(NoArgument, -1, 0);
        }

        t_resultCount = 0;
        sbyte kind;
        fixed (NativeValue* start = values)
        {
            Invoke(_module, method, start, values.Length, &Provide, &kind, 0);
        }

        ThrowLastError();
        return Take(kind);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _module, 0) is not 0 and var module)
        {
            Free(module);
        }
    }

    private static Tensor?[] Take(sbyte kind)
    {
        if (kind is not (SingleTensor or TupleOfTensors or ListOfTensors or ListOfTensorsAndNothing or Nothing or TupleOfAnything))
        {
            throw new TorchException($"the method gave values that are no tensors, of kind {kind}");
        }

        var results = new Tensor?[t_resultCount];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = t_results![i].Handle == 0 ? null : Tensor.UnsafeCreateTensor(t_results[i].Handle);
        }

        return results;
    }

    // Called once for each list or tuple: for a method whose result is declared as tensors, once.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static NativeValue* Provide(int place, nuint length)
    {
        if (t_results is null || (nuint)t_results.Length < length)
        {
            t_results = GC.AllocateUninitializedArray<NativeValue>((int)Math.Max(length, 16), pinned: true);
        }

        t_resultCount = (int)length;
        return (NativeValue*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(t_results));
    }

    private static void ThrowLastError()
    {
        var message = TakeLastError();
        if (message == null)
        {
            return;
        }

        var text = Marshal.PtrToStringUTF8((nint)message) ?? "";
        if (!OperatingSystem.IsWindows())
        {
            // A copy that the library has made for whoever asks. On Windows it is another heap's.
            NativeMemory.Free(message);
        }

        throw new TorchException(text);
    }

    [LibraryImport(Library, EntryPoint = "THSJIT_load", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint LoadFile(string path, long device, long index);

    [LibraryImport(Library, EntryPoint = "THSJIT_load_byte_array")]
    private static partial nint LoadBytes(byte* content, long length, long device, long index);

    [LibraryImport(Library, EntryPoint = "THSJIT_Module_dispose")]
    private static partial void Free(nint module);

    [LibraryImport(Library, EntryPoint = "THSJIT_Module_is_training")]
    private static partial int IsTrainingMode(nint module);

    [LibraryImport(Library, EntryPoint = "THSJIT_Module_eval")]
    private static partial void SetEvaluationMode(nint module);

    [LibraryImport(Library, EntryPoint = "THSJIT_Module_invoke", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void Invoke(nint module, string method, NativeValue* arguments, int count, delegate* unmanaged[Cdecl]<int, nuint, NativeValue*> allocator, sbyte* kind, int place);

    [LibraryImport(Library, EntryPoint = "THSTorch_get_and_reset_last_err")]
    private static partial byte* TakeLastError();
}
