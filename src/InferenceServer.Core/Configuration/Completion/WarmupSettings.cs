using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Rules;
using Source = global::Inference.ModelWarmup.Types.Input.InputDataTypeOneofCase;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>The warm-up of a message that has been checked.</summary>
internal static class WarmupSettings
{
    /// <summary>The samples that are run: one of no requests is left out, and so are the inputs that the server makes for a sequence.</summary>
    public static ImmutableArray<WarmupSample> Of(global::Inference.ModelConfig message)
    {
        var made = DeclaredSequenceTensors.InputsOf(message).Select(static tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return [.. message.ModelWarmup.Select((sample, place) => Sample(sample, place, made)).Where(static sample => sample.Requests > 0)];
    }

    private static WarmupSample Sample(global::Inference.ModelWarmup sample, int place, HashSet<string> made) => new(
        sample.Name.Length > 0 ? sample.Name : DeclaredTensor.PathOf("model_warmup", place),
        (int)sample.BatchSize,
        Math.Max(1, sample.Count),
        [.. sample.Inputs.Where(input => !made.Contains(input.Key)).OrderBy(static input => input.Key, StringComparer.Ordinal).Select(static input => Input(input.Key, input.Value))]);

    private static WarmupInput Input(string name, global::Inference.ModelWarmup.Types.Input input) => new(
        name,
        (TensorDataType)input.DataType,
        new TensorShape([.. input.Dims]),
        input.InputDataTypeCase switch
        {
            Source.InputDataFile => WarmupContent.File,
            Source.RandomData => WarmupContent.Random,
            _ => WarmupContent.Zero,
        },
        input.InputDataFile);
}
