using InferenceServer.FuzzTests.Engine;
using InferenceServer.FuzzTests.Targets;

namespace InferenceServer.FuzzTests;

/// <summary>Every reader of bytes from outside. A new one is added here, and is tested by that.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<IFuzzTarget> All { get; } =
    [
        new JsonBodyTarget(),
        new MixedBodyTarget(),
        new CompressedBodyTarget(),
        new HeaderTarget(),
        new NpyTarget(),
        new PlainPayloadTarget(),
        new GenerateTarget(),
        new ControlBodyTarget(),
        new RpcMessageTarget(),
        new ConfigTarget("config-text", isJson: false),
        new ConfigTarget("config-json", isJson: true),
        new LabelFileTarget(),
    ];
}
