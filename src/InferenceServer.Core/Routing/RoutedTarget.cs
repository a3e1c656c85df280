namespace InferenceServer.Core.Routing;

/// <summary>One target of an alias, with what is counted of it.</summary>
/// <param name="Target">The target.</param>
/// <param name="Counters">Its counters, which outlive changes of the alias.</param>
/// <param name="Window">Its last outcomes since the alias was changed; null when nobody watches them.</param>
internal sealed record RoutedTarget(AliasTarget Target, TargetCounters Counters, OutcomeWindow? Window);
