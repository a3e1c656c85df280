using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.XGBoost.Engine;

/// <summary>The functions of the library that are used here, as its C header declares them.</summary>
internal static unsafe partial class XGBoostLibrary
{
    /// <summary>The server's setting that names the library's file.</summary>
    public const string PathKey = "library";

    private const string Name = "xgboost-c-api";

    private static readonly Lock s_gate = new();
    private static nint s_library;
    private static bool s_hasResolver;

    /// <summary>Loads the library, once for the process.</summary>
    /// <exception cref="BackendException">It is not there, or too old.</exception>
    public static void Prepare(string? path)
    {
        lock (s_gate)
        {
            if (s_library != 0)
            {
                return;
            }

            var library = LibraryFinder.Load(path);
            if (!NativeLibrary.TryGetExport(library, "XGBoosterPredictFromDense", out _) || !NativeLibrary.TryGetExport(library, "XGBoosterPredictFromDMatrix", out _))
            {
                NativeLibrary.Free(library);
                throw new BackendException(ErrorCode.Unavailable, "the library of XGBoost on this machine is too old, or another library; install version 1.6 or later");
            }

            if (!s_hasResolver)
            {
                NativeLibrary.SetDllImportResolver(typeof(XGBoostLibrary).Assembly, static (name, _, _) => name == Name ? s_library : 0);
                s_hasResolver = true;
            }

            s_library = library;

            // What goes wrong is in the errors; the rest is about training.
            Check(SetGlobalConfig("{\"verbosity\":0}"));
        }
    }

    /// <exception cref="BackendException">The result is not that of a success.</exception>
    public static void Check(int result)
    {
        if (result != 0)
        {
            throw new BackendException(ErrorCode.Internal, EngineMessage.Read(Marshal.PtrToStringUTF8(GetLastError()) ?? ""));
        }
    }

    [LibraryImport(Name, EntryPoint = "XGBGetLastError")]
    private static partial nint GetLastError();

    [LibraryImport(Name, EntryPoint = "XGBSetGlobalConfig", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetGlobalConfig(string config);

    [LibraryImport(Name, EntryPoint = "XGBoosterCreate")]
    public static partial int BoosterCreate(nint matrices, ulong count, out BoosterHandle booster);

    [LibraryImport(Name, EntryPoint = "XGBoosterFree")]
    public static partial int BoosterFree(nint booster);

    [LibraryImport(Name, EntryPoint = "XGBoosterSetParam", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int BoosterSetParam(BoosterHandle booster, string name, string value);

    [LibraryImport(Name, EntryPoint = "XGBoosterLoadModelFromBuffer")]
    public static partial int BoosterLoadModelFromBuffer(BoosterHandle booster, byte* model, ulong length);

    [LibraryImport(Name, EntryPoint = "XGBoosterPredictFromDense", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int BoosterPredictFromDense(BoosterHandle booster, string values, string config, nint proxy, out ulong* shape, out ulong rank, out float* result);

    [LibraryImport(Name, EntryPoint = "XGBoosterPredictFromDMatrix", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int BoosterPredictFromMatrix(BoosterHandle booster, MatrixHandle matrix, string config, out ulong* shape, out ulong rank, out float* result);

    [LibraryImport(Name, EntryPoint = "XGDMatrixCreateFromDense", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MatrixCreateFromDense(string values, string config, out MatrixHandle matrix);

    [LibraryImport(Name, EntryPoint = "XGDMatrixFree")]
    public static partial int MatrixFree(nint matrix);
}
