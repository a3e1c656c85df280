using Microsoft.Win32.SafeHandles;

namespace InferenceServer.Backends.XGBoost.Engine;

/// <summary>Owns a booster of the library.</summary>
internal sealed class BoosterHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => XGBoostLibrary.BoosterFree(handle) == 0;
}
