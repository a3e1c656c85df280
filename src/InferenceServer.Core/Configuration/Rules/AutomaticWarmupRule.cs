namespace InferenceServer.Core.Configuration.Rules;

/// <summary>The one parameter that is not the backend's: whether a model without <c>model_warmup</c> is warmed up with made-up inputs.</summary>
internal sealed class AutomaticWarmupRule : IConfigRule
{
    public const string Key = "auto_warmup";

    public void Check(RuleContext context)
    {
        if (context.Message.Parameters.TryGetValue(Key, out var parameter) && parameter.StringValue is not ("true" or "false"))
        {
            context.Error($"parameters[\"{Key}\"]", $"parameter '{Key}' must be true or false, found '{parameter.StringValue}'");
        }
    }

    /// <summary>What the parameter says; null when it is not there.</summary>
    public static bool? Of(global::Inference.ModelConfig message) => message.Parameters.TryGetValue(Key, out var parameter) ? parameter.StringValue == "true" : null;
}
