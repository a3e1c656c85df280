using Google.Protobuf.Collections;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>An ensemble has steps and nothing of a model that runs itself.</summary>
internal sealed class EnsembleRule : IConfigRule
{
    public const string Platform = "ensemble";

    /// <summary>More steps than this are a slip of the pen.</summary>
    public const int MaxSteps = 1024;

    /// <summary>What stands for the backend that an ensemble does not have.</summary>
    public static BackendDescriptor Descriptor { get; } = new(Platform) { Platform = Platform, AllowsAutomaticWarmup = false };

    public void Check(RuleContext context)
    {
        if (!context.IsEnsemble)
        {
            return;
        }

        CheckFields(context, context.Message);
        var steps = context.Message.EnsembleScheduling?.Step ?? [];
        if (steps.Count is 0 or > MaxSteps)
        {
            context.Error(
                "ensemble_scheduling",
                FormattableString.Invariant($"must specify 'step' for ensemble '{context.Facts.ModelName}': expected from 1 to {MaxSteps}, found {steps.Count}"),
                "write ensemble_scheduling { step [ { model_name: \"...\" input_map { key: \"...\" value: \"...\" } output_map { key: \"...\" value: \"...\" } } ] }");
        }

        for (var i = 0; i < steps.Count; i++)
        {
            CheckStep(context, steps[i], DeclaredTensor.PathOf("ensemble_scheduling.step", i));
        }
    }

    private static void CheckFields(RuleContext context, global::Inference.ModelConfig message)
    {
        Refuse(context, message.Backend.Length > 0, "backend", "leave it out: its steps name the models that run");
        Refuse(context, message.InstanceGroup.Count > 0, "instance_group", "give the models of its steps instance groups");
        Refuse(context, message.Optimization is not null, "optimization", "optimise the models of its steps");
        Refuse(context, message.ModelWarmup.Count > 0, "model_warmup", "warm up the models of its steps");
        Refuse(context, message.DynamicBatching is not null, "dynamic_batching", "the requests of its steps are batched by their own models");
        Refuse(context, message.SequenceBatching is not null, "sequence_batching", "give it to the models of its steps");
        Refuse(context, message.DefaultModelFilename.Length > 0, "default_model_filename", "leave it out: its version folders are empty");
        Refuse(context, message.CcModelFilenames.Count > 0, "cc_model_filenames", "leave it out: its version folders are empty");
        foreach (var tensor in DeclaredTensor.InputsOf(message).AddRange(DeclaredTensor.OutputsOf(message)).Where(static tensor => tensor.Reshape is not null))
        {
            Refuse(context, true, $"{tensor.Path}.reshape", "reshape the tensor in the model that takes or gives it");
        }

        if (message.Platform.Length > 0 && message.Platform != Platform)
        {
            context.Error("platform", $"platform is '{message.Platform}', but ensemble_scheduling makes the model an ensemble", $"write platform: \"{Platform}\"");
        }
    }

    private static void Refuse(RuleContext context, bool isWritten, string path, string suggestion)
    {
        if (isWritten)
        {
            context.Error(path, $"an ensemble must not have {path}", suggestion);
        }
    }

    private static void CheckStep(RuleContext context, global::Inference.ModelEnsembling.Types.Step step, string path)
    {
        if (step.ModelName.Length == 0)
        {
            context.Error($"{path}.model_name", $"{path} has no model_name", "write model_name: \"...\"");
        }
        else if (!ModelNamespaces.IsValid(step.ModelName))
        {
            // Whether there is something at such a place is nobody's business.
            context.Error($"{path}.model_name", $"model_name of {path} must be the name of a model, found '{step.ModelName}'");
        }

        if (step.ModelVersion < -1)
        {
            context.Error($"{path}.model_version", FormattableString.Invariant($"model_version of {path} must be a version's number, or -1 for the highest one, found {step.ModelVersion}"), "write model_version: -1");
        }

        CheckMap(context, step.InputMap, $"{path}.input_map", $"write input_map {{ key: \"<input of '{step.ModelName}'>\" value: \"<tensor>\" }}");
        CheckMap(context, step.OutputMap, $"{path}.output_map", $"write output_map {{ key: \"<output of '{step.ModelName}'>\" value: \"<tensor>\" }}");
    }

    private static void CheckMap(RuleContext context, MapField<string, string> map, string path, string suggestion)
    {
        if (map.Count == 0)
        {
            context.Error(path, $"must specify '{path[(path.LastIndexOf('.') + 1)..]}': {path} is empty", suggestion);
        }

        foreach (var (key, value) in map)
        {
            if (key.Length == 0 || value.Length == 0)
            {
                context.Error($"{path}[\"{key}\"]", $"an entry of {path} needs a key and a value, found '{key}' and '{value}'", suggestion);
            }
        }
    }
}
