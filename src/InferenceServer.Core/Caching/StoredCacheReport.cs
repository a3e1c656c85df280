namespace InferenceServer.Core.Caching;

/// <summary>How the store does that answers are kept in, at one moment.</summary>
/// <param name="IsReachable">False while it is left alone for a moment after a failure.</param>
/// <param name="Failures">Lookups and insertions that failed or took too long.</param>
/// <param name="Skipped">Those that were not tried, so soon after a failure.</param>
/// <param name="Unreadable">Answers that were found and could not be read.</param>
/// <param name="Dropped">Answers that were not kept, since too many others were on their way.</param>
public sealed record StoredCacheReport(bool IsReachable, long Failures, long Skipped, long Unreadable, long Dropped);
