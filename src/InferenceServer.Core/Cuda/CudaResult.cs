namespace InferenceServer.Core.Cuda;

/// <summary>What the driver answers a call with (<c>CUresult</c>). It has many more numbers; these are the ones that are told apart here.</summary>
internal enum CudaResult
{
    Success = 0,

    /// <summary>The device, or the driver, has no memory left.</summary>
    OutOfMemory = 2,
}
