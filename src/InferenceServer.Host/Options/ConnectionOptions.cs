namespace InferenceServer.Host.Options;

/// <summary>How gRPC connections are kept and ended. <see cref="Timeout.InfiniteTimeSpan"/> stands for never.</summary>
/// <param name="KeepAliveTime">After how much silence a connection is pinged.</param>
/// <param name="KeepAliveTimeout">How long it may stay silent after that.</param>
/// <param name="MaxAge">At what age it is asked to go.</param>
/// <param name="MaxAgeGrace">How long its calls may take after that.</param>
internal sealed record ConnectionOptions(TimeSpan KeepAliveTime, TimeSpan KeepAliveTimeout, TimeSpan MaxAge, TimeSpan MaxAgeGrace);
