using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>The model that a step of an ensemble means.</summary>
/// <param name="Model">Its name, namespace included.</param>
/// <param name="Config">What it serves by; null for one that is loaded on demand and never was.</param>
internal sealed record MemberVersion(string Model, ModelConfig? Config)
{
    /// <summary>What an ensemble depends on of its members: the same for those that any ensemble fits alike. Null while that of one is not known.</summary>
    public static string? SignatureOf(IReadOnlyCollection<MemberVersion> members) =>
        members.Any(static member => member.Config is null) ? null : string.Join('\n', members.Select(static member => $"{member.Model} {SignatureOf(member.Config!)}"));

    private static string SignatureOf(ModelConfig config) => FormattableString.Invariant(
        $"{config.MaxBatchSize} {config.IsDecoupled} {config.RemembersRequests} [{string.Join(' ', config.Inputs.Select(Print))}] [{string.Join(' ', config.Outputs.Select(Print))}] {string.Join(' ', config.StepModels.Order(StringComparer.Ordinal))}");

    private static string Print(ModelTensor tensor) => $"{tensor.Name}:{tensor.DataType}{tensor.Dims}{(tensor.IsOptional ? "?" : "")}";
}
