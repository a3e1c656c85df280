using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Backends.Identity;

/// <summary>
/// The example backend: output i answers input i, byte for byte. It needs no model file, only a configuration that declares as many
/// outputs as inputs, of the same types in the same order. The parameters <c>execute_delay_ms</c>, <c>fail</c> and <c>fail_every</c>
/// make it slow or unreliable, for trying out clients, queues and dashboards.
/// </summary>
/// <param name="time">The clock that a delay is measured by.</param>
public sealed class IdentityBackend(TimeProvider time) : IBackend
{
    /// <summary>There is nothing to warm up, and executions are counted and may be slow on purpose.</summary>
    public BackendDescriptor Descriptor { get; } = new("identity") { AllowsAutomaticWarmup = false };

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        var signature = IdentitySignature.Pair(context.DeclaredInputs, context.DeclaredOutputs);
        var settings = IdentitySettings.Read(context.Parameters, context.Log);
        return ValueTask.FromResult<IBackendModel>(new IdentityModel(signature, settings, time));
    }
}
