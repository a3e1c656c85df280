using Microsoft.Win32.SafeHandles;

namespace InferenceServer.Backends.XGBoost.Engine;

/// <summary>Owns a matrix of the library.</summary>
internal sealed class MatrixHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => XGBoostLibrary.MatrixFree(handle) == 0;
}
