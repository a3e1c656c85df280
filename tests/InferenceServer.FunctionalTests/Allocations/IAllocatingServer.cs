using Grpc.Net.Client;

namespace InferenceServer.FunctionalTests.Allocations;

/// <summary>A server whose counter of allocated bytes is asked for.</summary>
internal interface IAllocatingServer
{
    HttpClient Http { get; }

    GrpcChannel Channel { get; }

    Uri MetricsAddress { get; }
}
