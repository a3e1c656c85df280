using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>
/// Reads the body of a request to unload: nothing, or <c>{"parameters": {"unload_dependents": true}}</c>, by which an ensemble takes the models of its
/// steps with it.
/// </summary>
internal static class UnloadRequestReader
{
    public const string UnloadDependents = "unload_dependents";

    /// <summary>Reads a body.</summary>
    public static InferenceError? Read(ReadOnlySpan<byte> text, out bool unloadDependents)
    {
        unloadDependents = false;
        return ControlObject.Read(text, ref unloadDependents, static (ref JsonCursor json, scoped JsonText name, ref bool flag) => name.Is("parameters"u8)
            ? ControlObject.ReadParameters(ref json, ref flag, static (ref JsonCursor json, scoped JsonText name, ref bool flag) => name.Is("unload_dependents"u8)
                ? RequestParametersReader.ReadBool(ref json, UnloadDependents, out flag)
                : ControlObject.Skip(ref json))
            : ControlObject.Skip(ref json));
    }
}
