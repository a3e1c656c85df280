using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.LightGbm.Engine;

/// <summary>The functions of the library that are used here, as its C header declares them.</summary>
internal static unsafe partial class LightGbmLibrary
{
    private const string File = "lib_lightgbm";

    private static readonly Lock s_gate = new();
    private static bool s_isPrepared;

    /// <summary>
    /// Loads the library, and keeps it to the thread that calls it: its number of threads is one for the whole process, and changing it while a prediction runs would make that
    /// write outside its memory. Whoever wants more threads has the rows divided instead.
    /// </summary>
    /// <exception cref="BackendException">The library, or one that it needs, is not there.</exception>
    public static void Prepare()
    {
        lock (s_gate)
        {
            if (!s_isPrepared)
            {
                try
                {
                    Check(SetMaxThreads(1));
                }
                catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
                {
                    throw new BackendException(ErrorCode.Unavailable, MissingLibrary.Describe(exception), exception);
                }

                s_isPrepared = true;
            }
        }
    }

    /// <exception cref="BackendException">The result is not that of a success.</exception>
    public static void Check(int result)
    {
        if (result != 0)
        {
            var message = Marshal.PtrToStringUTF8(GetLastError()) ?? "";
            throw new BackendException(ErrorCode.Internal, message.Split('\n')[0].Trim() is { Length: > 0 } line ? line : "LightGBM gives no reason");
        }
    }

    [LibraryImport(File, EntryPoint = "LGBM_GetLastError")]
    private static partial nint GetLastError();

    [LibraryImport(File, EntryPoint = "LGBM_SetMaxThreads")]
    private static partial int SetMaxThreads(int threads);

    [LibraryImport(File, EntryPoint = "LGBM_RegisterLogCallback")]
    public static partial int RegisterLogCallback(delegate* unmanaged[Cdecl]<byte*, void> callback);

    [LibraryImport(File, EntryPoint = "LGBM_BoosterLoadModelFromString")]
    public static partial int BoosterLoadModelFromString(byte* text, out int iterations, out BoosterHandle booster);

    [LibraryImport(File, EntryPoint = "LGBM_BoosterFree")]
    public static partial int BoosterFree(nint booster);

    [LibraryImport(File, EntryPoint = "LGBM_BoosterCalcNumPredict")]
    public static partial int BoosterCalcNumPredict(BoosterHandle booster, int rows, Prediction kind, int startIteration, int iterations, out long length);

    [LibraryImport(File, EntryPoint = "LGBM_BoosterNumberOfTotalModel")]
    public static partial int BoosterNumberOfTotalModel(BoosterHandle booster, out int trees);

    [LibraryImport(File, EntryPoint = "LGBM_BoosterPredictForMat")]
    public static partial int BoosterPredictForMat(
        BoosterHandle booster, nint data, int dataType, int rows, int columns, int isRowMajor, Prediction kind, int startIteration, int iterations, byte* parameters, out long length, nint result);
}
