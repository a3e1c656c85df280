namespace InferenceServer.Host.Listeners;

/// <summary>Says on which port a connection came in. Each port serves its own routes only.</summary>
internal sealed record ListenerFeature(Listener Listener);
