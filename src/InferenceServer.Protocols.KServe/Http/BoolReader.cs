namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads BOOL elements: true or false, and no numbers.</summary>
internal readonly struct BoolReader : IElementReader<byte>
{
    public static string Expected => "true or false (BOOL)";

    public static ElementOutcome Read(ref JsonCursor json, out byte value)
    {
        value = 0;
        if (json.Peek() != JsonKind.Bool)
        {
            return ElementOutcome.WrongKind;
        }

        if (!json.TryReadBool(out var flag))
        {
            return ElementOutcome.Malformed;
        }

        value = flag ? (byte)1 : (byte)0;
        return ElementOutcome.Read;
    }
}
