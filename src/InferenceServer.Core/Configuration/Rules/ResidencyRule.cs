using System.Globalization;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>When the model is in memory: two parameters, since the message of the configuration has no fields for it.</summary>
internal sealed class ResidencyRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        var parameters = context.Message.Parameters;
        if (parameters.TryGetValue(ModelResidencies.ParameterKey, out var residency) && !ModelResidencies.TryParse(residency.StringValue, out _))
        {
            context.Error(
                $"parameters[\"{ModelResidencies.ParameterKey}\"]",
                $"parameter '{ModelResidencies.ParameterKey}' must be one of {string.Join(", ", ModelResidencies.Names)}, found '{residency.StringValue}'");
        }

        if (!parameters.TryGetValue(ModelResidencies.IdleUnloadKey, out var idle))
        {
            return;
        }

        var path = $"parameters[\"{ModelResidencies.IdleUnloadKey}\"]";
        if (!TryReadSeconds(idle.StringValue, out _))
        {
            context.Error(path, FormattableString.Invariant($"parameter '{ModelResidencies.IdleUnloadKey}' must be a whole number of seconds from 0 to {ModelResidencies.MaxIdleUnloadSeconds}, found '{idle.StringValue}'"));
        }
        else if (ResidencyOf(context.Message) == ModelResidency.Pinned)
        {
            context.Error(path, $"parameter '{ModelResidencies.IdleUnloadKey}' has no effect on a model that is pinned", $"set '{ModelResidencies.ParameterKey}' to on-demand, or leave it out");
        }
    }

    /// <summary>What a message that has been checked says; null when it does not.</summary>
    public static ModelResidency? ResidencyOf(global::Inference.ModelConfig message) =>
        message.Parameters.TryGetValue(ModelResidencies.ParameterKey, out var word) && ModelResidencies.TryParse(word.StringValue, out var residency) ? residency : null;

    /// <summary>What a message that has been checked says; null when it does not.</summary>
    public static TimeSpan? IdleUnloadOf(global::Inference.ModelConfig message) =>
        message.Parameters.TryGetValue(ModelResidencies.IdleUnloadKey, out var idle) && TryReadSeconds(idle.StringValue, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;

    private static bool TryReadSeconds(string text, out int seconds) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= ModelResidencies.MaxIdleUnloadSeconds;
}
