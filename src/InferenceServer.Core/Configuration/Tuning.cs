using Google.Protobuf;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Configuration;

/// <summary>What of a configuration may change while a model serves: it changes neither what the model answers nor what is loaded.</summary>
internal static class Tuning
{
    /// <summary>
    /// True when two configurations are the same but for how many instances there are, how requests are batched, which versions are served and the server's own
    /// parameters.
    /// </summary>
    public static bool IsAllThatDiffers(global::Inference.ModelConfig one, global::Inference.ModelConfig other) => Rest(one).Equals(Rest(other));

    /// <summary>What of a configuration answers depend on, as bytes: its parameters, whose order may be any, are left out.</summary>
    public static byte[] AnswersOf(global::Inference.ModelConfig message)
    {
        var rest = Rest(message);
        rest.ResponseCache = null;
        rest.ModelMetrics = null;
        rest.ModelWarmup.Clear();
        rest.MetricTags.Clear();
        rest.Parameters.Clear();
        return rest.ToByteArray();
    }

    private static global::Inference.ModelConfig Rest(global::Inference.ModelConfig message)
    {
        var rest = message.Clone();
        rest.VersionPolicy = null;
        rest.InstanceGroup.Clear();
        foreach (var key in message.Parameters.Keys.Where(ServerParameters.Has))
        {
            rest.Parameters.Remove(key);
        }

        if (rest.SchedulingChoiceCase == global::Inference.ModelConfig.SchedulingChoiceOneofCase.DynamicBatching)
        {
            rest.ClearSchedulingChoice();
        }

        return rest;
    }
}
