using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>Registers the memory for the bodies of requests.</summary>
internal static class RequestMemoryServices
{
    /// <summary>HTTP and gRPC share what the host registers; where it registers none there is no limit.</summary>
    public static void TryAddRequestMemory(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => new RequestMemoryGate(new RequestMemoryOptions(), provider.GetRequiredService<TimeProvider>()));
    }
}
