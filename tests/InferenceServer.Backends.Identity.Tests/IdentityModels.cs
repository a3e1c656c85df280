using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Logs;

namespace InferenceServer.Backends.Identity.Tests;

internal static class IdentityModels
{
    public static ValueTask<IBackendModel> LoadAsync(
        TensorShape shape,
        TensorDataType[] types,
        IReadOnlyDictionary<string, string> parameters,
        TimeProvider? time = null,
        RecordingBackendLog? log = null) =>
        LoadAsync(Specs("INPUT", shape, types), Specs("OUTPUT", shape, types), parameters, time, log);

    public static ValueTask<IBackendModel> LoadAsync(
        TensorSpec[] inputs,
        TensorSpec[] outputs,
        IReadOnlyDictionary<string, string> parameters,
        TimeProvider? time = null,
        RecordingBackendLog? log = null) =>
        new IdentityBackend(time ?? TimeProvider.System).LoadAsync(
            new ModelLoadContext
            {
                ModelName = "identity",
                Version = 1,
                DeclaredInputs = [.. inputs],
                DeclaredOutputs = [.. outputs],
                Parameters = parameters,
                Log = log ?? new RecordingBackendLog(),
            },
            CancellationToken.None);

    private static TensorSpec[] Specs(string name, TensorShape shape, TensorDataType[] types) =>
        [.. types.Select((type, index) => new TensorSpec($"{name}{index}", type, shape))];
}
