using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Counts and logs what cannot be loaded.</summary>
internal sealed class LoadReport(LoadCounts counts, ILogger logger)
{
    /// <summary>Tells of models whose files say why they cannot be loaded, once for each reason.</summary>
    public void Refused(IReadOnlyDictionary<string, AspiredModel> before, ImmutableArray<AspiredModel> now)
    {
        foreach (var model in now)
        {
            if (model.Problem is not null && before.GetValueOrDefault(model.Name)?.Problem != model.Problem)
            {
                LifecycleLog.ModelRefused(logger, model.Name, model.Problem);
                counts.Fail(model.Name);
            }
        }
    }

    /// <summary>Tells of a load that has failed.</summary>
    public void Failed(Incarnation incarnation, string reason)
    {
        counts.Fail(incarnation.ModelName);
        LifecycleLog.LoadFailed(logger, incarnation.ModelName, incarnation.Source.Number, reason);
    }
}
