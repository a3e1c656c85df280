namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Warm-up samples are requests that the model takes, as far as the file tells; a sample of no requests is worth a word.</summary>
internal sealed class WarmupRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        WarmupCheck.Run(context.Message, context.MaxBatchSize, context.Error);
        for (var i = 0; i < context.Message.ModelWarmup.Count; i++)
        {
            if (context.Message.ModelWarmup[i].BatchSize == 0)
            {
                var path = DeclaredTensor.PathOf("model_warmup", i);
                context.Warn(
                    $"{path}.batch_size",
                    $"{WarmupCheck.Words(context.Message.ModelWarmup[i], path)} has no batch_size and so runs nothing",
                    "write for example batch_size: 1");
            }
        }
    }
}
