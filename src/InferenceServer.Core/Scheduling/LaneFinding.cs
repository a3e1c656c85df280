namespace InferenceServer.Core.Scheduling;

/// <summary>What a trial of two ways to run what waits has found.</summary>
/// <param name="Less">The way that takes less memory.</param>
/// <param name="More">The other.</param>
/// <param name="Ratio">How many times as many rows the other gets through; null when that has not been compared, as those who were waited for did not come.</param>
/// <param name="IsMoreBetter">True when it is run in the other from now on.</param>
internal sealed record LaneFinding(LaneWay Less, LaneWay More, double? Ratio, bool IsMoreBetter);
