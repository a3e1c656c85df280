using System.Collections.Immutable;

namespace InferenceServer.Core.Routing;

/// <summary>What has come of the copies for a shadow.</summary>
/// <param name="Sent">Copies that a version was asked to answer.</param>
/// <param name="Failed">Those that it did not answer.</param>
/// <param name="Dropped">Copies that were not sent, by reason, in the order of the reasons.</param>
/// <param name="InFlight">Those that are on their way.</param>
public sealed record ShadowStatus(long Sent, long Failed, ImmutableArray<long> Dropped, int InFlight);
