using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Makes instances of a version beside the one that it has, and tells the log what they are found to bring. What goes wrong costs nobody anything: the model serves as well without.</summary>
/// <param name="model">The version.</param>
/// <param name="first">Where its own instance runs.</param>
/// <param name="lanes">What its lanes share.</param>
/// <param name="logger">The log.</param>
internal sealed class OtherInstances(IBackendModel model, InstancePlacement first, LaneSetup lanes, ILogger logger)
{
    // Those that are alike are counted on from the configured one, which is number 0.
    private int _alike;
    private int _sides;

    /// <summary>For the scheduler.</summary>
    public LaneMaker Maker => new(TryMake) { TryReadyOneThread = model.HasOneThreadRuns ? TryReadyOneThread : null, Tell = Tell };

    private InstanceRunner? TryMake(LaneScheduler owner, bool isSide)
    {
        var placement = first with { Name = isSide ? $"{first.Group}_side_{Interlocked.Increment(ref _sides) - 1}" : $"{first.Group}_{Interlocked.Increment(ref _alike)}" };
        try
        {
            return new InstanceRunner(owner, model.CreateInstance(placement), lanes) { Placement = placement, IsSide = isSide };
        }
        catch (Exception exception)
        {
            LifecycleLog.NoOtherLane(logger, exception, lanes.ModelName, lanes.Version);
            return null;
        }
    }

    private bool TryReadyOneThread()
    {
        try
        {
            return model.TryReadyOneThread();
        }
        catch (Exception exception)
        {
            LifecycleLog.NotReadyForOneThread(logger, exception, lanes.ModelName, lanes.Version);
            return false;
        }
    }

    private void Tell(LaneFinding found)
    {
        var chosen = (found.IsMoreBetter ? found.More : found.Less).ToString();
        if (found.Ratio is { } ratio)
        {
            SchedulingLog.LanesTried(lanes.Logger, lanes.ModelName, lanes.Version, found.More.ToString(), found.Less.ToString(), ratio, chosen);
        }
        else
        {
            SchedulingLog.GatheredInVain(lanes.Logger, lanes.ModelName, lanes.Version, chosen);
        }
    }
}
