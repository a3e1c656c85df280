using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>Turns an execution accelerator, with Triton's names for its parameters, into an execution provider with the engine's. Pure.</summary>
internal static class AcceleratorReader
{
    private const string EnginePrefix = "trt_";

    private static readonly ImmutableDictionary<string, string> s_tensorRtKeys = new Dictionary<string, string>
    {
        ["max_workspace_size_bytes"] = "trt_max_workspace_size",
        ["int8_calibration_table_name"] = "trt_int8_calibration_table_name",
        ["int8_use_native_calibration_table"] = "trt_int8_use_native_calibration_table",
    }.ToImmutableDictionary(StringComparer.Ordinal);

    private static readonly ImmutableDictionary<string, string> s_precisions = new Dictionary<string, string>
    {
        ["FP32"] = "",
        ["FP16"] = "trt_fp16_enable",
        ["BF16"] = "trt_bf16_enable",
        ["INT8"] = "trt_int8_enable",
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>The provider; null, after a report, when the accelerator is unknown.</summary>
    public static ExecutionProvider? Read(ExecutionAccelerator accelerator, List<string> errors)
    {
        var expected = accelerator.Kind == InstanceKind.Gpu ? new[] { ProviderKind.TensorRt, ProviderKind.Cuda } : [ProviderKind.OpenVino];
        if (expected.FirstOrDefault(kind => kind.Name == accelerator.Name) is not { } kind)
        {
            var field = accelerator.Kind == InstanceKind.Gpu ? "gpu" : "cpu";
            errors.Add($"optimization.execution_accelerators.{field}_execution_accelerator: expected the name {string.Join(" or ", expected.Select(static one => one.Name))}, got '{accelerator.Name}'");
            return null;
        }

        var options = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in accelerator.Parameters)
        {
            if (kind != ProviderKind.TensorRt || key.StartsWith(EnginePrefix, StringComparison.Ordinal))
            {
                options[key] = value;
            }
            else if (key == "precision_mode")
            {
                AddPrecision(options, value, errors);
            }
            else if (s_tensorRtKeys.TryGetValue(key, out var engineKey))
            {
                options[engineKey] = value;
            }
            else
            {
                errors.Add($"the accelerator '{accelerator.Name}' has the parameter '{key}': expected precision_mode, {string.Join(", ", s_tensorRtKeys.Keys.Order())} or {EnginePrefix}*");
            }
        }

        return new ExecutionProvider(kind, options.ToImmutable());
    }

    private static void AddPrecision(ImmutableSortedDictionary<string, string>.Builder options, string mode, List<string> errors)
    {
        if (!s_precisions.TryGetValue(mode, out var option))
        {
            errors.Add($"the accelerator 'tensorrt' has the precision_mode '{mode}': expected {string.Join(", ", s_precisions.Keys.Order())}");
        }
        else if (option.Length > 0)
        {
            options[option] = "1";
        }
    }
}
