using Google.Protobuf.Collections;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Completion;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Ragged inputs, the inputs that the server makes for a batch and the outputs that it cuts by one are all about batches, and about inputs that there are.</summary>
internal sealed class BatchTensorRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        var message = context.Message;
        for (var i = 0; i < message.Input.Count; i++)
        {
            if (message.Input[i].AllowRaggedBatch)
            {
                var path = $"{DeclaredTensor.PathOf("input", i)}.allow_ragged_batch";
                NeedBatching(context, path, "allow_ragged_batch");
                if (message.Input[i].Reshape is not null)
                {
                    context.Error(path, $"input '{message.Input[i].Name}' has both allow_ragged_batch and a reshape: a ragged input reaches the model flat, in one dimension", "leave out one of them");
                }
            }
        }

        var made = new HashSet<string>(message.Input.Select(static input => input.Name), StringComparer.Ordinal);
        for (var i = 0; i < message.BatchInput.Count; i++)
        {
            CheckInput(context, message.BatchInput[i], DeclaredTensor.PathOf("batch_input", i), made);
        }

        var cut = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < message.BatchOutput.Count; i++)
        {
            CheckOutput(context, message.BatchOutput[i], DeclaredTensor.PathOf("batch_output", i), cut);
        }
    }

    private static void CheckInput(RuleContext context, global::Inference.BatchInput input, string path, HashSet<string> made)
    {
        NeedBatching(context, path, "batch_input");
        NeedTarget(context, path, input.TargetName.Count);
        NeedSource(context, path, input.SourceInput);
        if ((TensorDataType)input.DataType is not (TensorDataType.Int32 or TensorDataType.Fp32))
        {
            context.Error($"{path}.data_type", $"{path} must have data_type TYPE_INT32 or TYPE_FP32, found {ConfigTypeNames.Of((TensorDataType)input.DataType)}");
        }

        for (var i = 0; i < input.TargetName.Count; i++)
        {
            if (!made.Add(input.TargetName[i]))
            {
                context.Error(DeclaredTensor.PathOf($"{path}.target_name", i), $"'{input.TargetName[i]}' is an input already, or made by another batch_input");
            }
        }
    }

    private static void CheckOutput(RuleContext context, global::Inference.BatchOutput output, string path, HashSet<string> cut)
    {
        NeedBatching(context, path, "batch_output");
        NeedTarget(context, path, output.TargetName.Count);
        NeedSource(context, path, output.SourceInput);
        var names = context.Message.Output.Select(static one => one.Name).ToList();
        for (var i = 0; i < output.TargetName.Count; i++)
        {
            var target = DeclaredTensor.PathOf($"{path}.target_name", i);
            var name = output.TargetName[i];
            if (names.FindIndex(one => one == name) is var place && place < 0)
            {
                context.Error(target, $"there is no output '{name}'; the outputs are {string.Join(", ", names)}", Suggest(name, names));
            }
            else if (context.Message.Output[place].Reshape is not null)
            {
                context.Error(target, $"output '{name}' has a reshape, but gets the shape of input '{output.SourceInput.FirstOrDefault()}'", "leave out the reshape");
            }
            else if (!cut.Add(name))
            {
                context.Error(target, $"output '{name}' has a batch_output already");
            }
        }
    }

    private static void NeedBatching(RuleContext context, string path, string what)
    {
        if (context.MaxBatchSize is not > 0)
        {
            context.Error(path, $"{what} needs a batch dimension, but max_batch_size is {(context.MaxBatchSize is null ? "not given" : "0")}", "write the largest batch that the model takes as max_batch_size");
        }
    }

    private static void NeedTarget(RuleContext context, string path, int count)
    {
        if (count == 0)
        {
            context.Error($"{path}.target_name", $"{path} has no target_name", "name the tensor of the model");
        }
    }

    private static void NeedSource(RuleContext context, string path, RepeatedField<string> sources)
    {
        if (sources.Count != 1)
        {
            context.Error($"{path}.source_input", FormattableString.Invariant($"{path} must have one source_input, found {sources.Count}"));
            return;
        }

        var names = context.Message.Input.Select(static input => input.Name).ToList();
        if (!names.Contains(sources[0]))
        {
            context.Error($"{path}.source_input[0]", $"there is no input '{sources[0]}'; the inputs are {string.Join(", ", names)}", Suggest(sources[0], names));
        }
    }

    private static string? Suggest(string name, IEnumerable<string> names) => DidYouMean.Nearest(name, names) is { } nearest ? $"did you mean '{nearest}'?" : null;
}
