using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>What the rules look at, and where they report.</summary>
internal sealed class RuleContext(ModelConfigDocument document, ModelFolderFacts facts, IReadOnlyList<BackendDescriptor> backends)
{
    public global::Inference.ModelConfig Message { get; } = document.Message;

    public ConfigPositions Positions { get; } = document.Positions;

    public ModelFolderFacts Facts { get; } = facts;

    public IReadOnlyList<BackendDescriptor> Backends { get; } = backends;

    /// <summary>The backend that the file names or the files imply, or what stands for that of an ensemble; null when there is none such.</summary>
    public BackendDescriptor? Backend { get; } = IsOfEnsemble(document.Message) ? EnsembleRule.Descriptor : BackendResolver.Resolve(document.Message, facts, backends);

    public ProblemList Problems { get; } = new(document.FileName);

    public ProblemList Warnings { get; } = new(document.FileName);

    /// <summary>The batch size that the file gives; null when it gives none.</summary>
    public int? MaxBatchSize { get; } = document.Positions.WasWritten("max_batch_size") ? document.Message.MaxBatchSize : null;

    public bool IsEnsemble => IsOfEnsemble(Message);

    public void Error(string path, string message, string? suggestion = null) => Problems.Add(Positions.Find(path), message, suggestion);

    private static bool IsOfEnsemble(global::Inference.ModelConfig message) => message.Platform == EnsembleRule.Platform || message.EnsembleScheduling is not null;

    public void Warn(string path, string message, string? suggestion = null) => Warnings.Add(Positions.Find(path), message, suggestion);
}
