using System.Collections.Immutable;
using Google.Protobuf.Collections;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using Accelerator = global::Inference.ModelOptimizationPolicy.Types.ExecutionAccelerators.Types.Accelerator;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Execution accelerators are for backends that know them, which say what each means.</summary>
internal sealed class AcceleratorRule : IConfigRule
{
    private const string Path = "optimization.execution_accelerators";

    public void Check(RuleContext context)
    {
        if (context.Message.Optimization?.ExecutionAccelerators is not { } accelerators || context.Backend is not { RunsOnGpus: false } backend)
        {
            return;
        }

        foreach (var (field, list) in new (string, RepeatedField<Accelerator>)[] { ("gpu", accelerators.GpuExecutionAccelerator), ("cpu", accelerators.CpuExecutionAccelerator) })
        {
            if (list.Count > 0)
            {
                var path = $"{Path}.{field}_execution_accelerator";
                context.Error(path, $"{path} is not supported by the backend '{backend.Name}'", "leave it out");
            }
        }
    }

    /// <summary>All accelerators of a message, those for GPUs first.</summary>
    public static ImmutableArray<ExecutionAccelerator> Of(global::Inference.ModelConfig message) =>
        message.Optimization?.ExecutionAccelerators is { } accelerators
            ? [.. accelerators.GpuExecutionAccelerator.Select(static one => Read(one, InstanceKind.Gpu)), .. accelerators.CpuExecutionAccelerator.Select(static one => Read(one, InstanceKind.Cpu))]
            : [];

    private static ExecutionAccelerator Read(Accelerator accelerator, InstanceKind kind) =>
        new(accelerator.Name, kind) { Parameters = accelerator.Parameters.ToImmutableDictionary(StringComparer.Ordinal) };
}
