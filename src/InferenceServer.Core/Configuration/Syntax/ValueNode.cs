namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>
/// One value of a field: a block, a string, or a number held in 64 bits as its field's type wants it (two's complement for signed
/// integers, the bits of a double for both floating-point types, 0 or 1 for a bool, the number of an enumeration's value).
/// </summary>
internal sealed class ValueNode
{
    public ConfigPosition Position { get; init; }

    public ulong Bits { get; init; }

    public string Text { get; init; } = "";

    public MessageNode? Message { get; init; }

    public double AsDouble => BitConverter.UInt64BitsToDouble(Bits);

    public long AsSigned => unchecked((long)Bits);
}
