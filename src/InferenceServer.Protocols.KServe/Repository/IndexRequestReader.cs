using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>Reads the body of a request for the index: nothing, or <c>{"ready": true}</c> for what is ready alone.</summary>
internal static class IndexRequestReader
{
    public static InferenceError? Read(ReadOnlySpan<byte> text, out bool readyOnly)
    {
        readyOnly = false;
        return ControlObject.Read(text, ref readyOnly, static (ref JsonCursor json, scoped JsonText name, ref bool ready) =>
            name.Is("ready"u8) ? RequestParametersReader.ReadBool(ref json, "ready", out ready) : ControlObject.Skip(ref json));
    }
}
