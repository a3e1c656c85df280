namespace InferenceServer.Core.Cuda;

/// <summary>A call of the driver that has failed.</summary>
/// <param name="Function">Which function was called.</param>
/// <param name="Result">What it answered.</param>
/// <param name="Text">The same in the driver's words.</param>
internal sealed record CudaFailure(string Function, CudaResult Result, string Text)
{
    /// <summary>The failure that a result stands for; null when it stands for none.</summary>
    public static CudaFailure? Of(ICudaDriver driver, string function, CudaResult result) =>
        result == CudaResult.Success ? null : new CudaFailure(function, result, Describe(driver, result));

    public override string ToString() => $"{Function} answered {Text}";

    private static string Describe(ICudaDriver driver, CudaResult result)
    {
        if (driver.GetErrorName(result, out var name) != CudaResult.Success || name is null)
        {
            return $"the unknown error {(int)result}";
        }

        return driver.GetErrorString(result, out var words) == CudaResult.Success && words is not null ? $"{name} ({words})" : name;
    }
}
