namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Warm-up samples are requests that the model takes, as far as the file tells; a sample of no requests is worth a word, and one that tells of a sequence itself.</summary>
internal sealed class WarmupRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        WarmupCheck.Run(context.Message, context.MaxBatchSize, context.Error);
        var made = DeclaredSequenceTensors.InputsOf(context.Message).ToLookup(static tensor => tensor.Name, StringComparer.Ordinal);
        for (var i = 0; i < context.Message.ModelWarmup.Count; i++)
        {
            foreach (var name in context.Message.ModelWarmup[i].Inputs.Keys.Where(made.Contains))
            {
                var input = $"{DeclaredTensor.PathOf("model_warmup", i)}.inputs[\"{name}\"]";
                context.Warn(input, $"{input} has no effect: a sample is run as the first request of a sequence, for which the server makes {made[name].First().Words}", "leave it out");
            }

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
