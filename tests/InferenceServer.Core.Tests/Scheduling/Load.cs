namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>Who asks.</summary>
/// <param name="Clients">So many clients, each of which asks again when it has its answer; 0 for requests that come whenever they like.</param>
/// <param name="Pause">How long such a client takes to ask again.</param>
/// <param name="Rate">How many requests come in a unit of time, where there are no such clients.</param>
internal sealed record Load(int Clients, double Pause, double Rate);
