using System.Text;
using InferenceServer.FuzzTests.Engine;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>
/// Bodies without a request around them: an input is a content type, a line feed, and rows or a text. What is read is what a request of the protocol with
/// the same data gives.
/// </summary>
internal sealed class PlainPayloadTarget : IFuzzTarget
{
    public string Name => "plain-payload";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            "application/json\n[[1,2],[3.5,-0.0]]", "application/json\n[1e300,NaN]", "\n[\"a text\"]", "\n [ [ [ 1 , 2 ] ] ] ", "text/plain\nany text\u00e9", "text/plain; charset=utf-8\n{ it is no JSON }",
            "text/plain; charset=latin1\nany text", "TEXT/PLAIN;a=b;charset=\"UTF8\"\n[1,2]", "text/plain\n{\"inputs\":[]}",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public IReadOnlyList<string> Words { get; } = ["[", "]", ",", "[1,2]", "[[", "]]", "\"", "text/plain", "application/json", "; charset=", "utf-8", "latin1", "us-ascii", "\n", "NaN", "-Infinity", "true", "null", "{", "{\"", "\\ud800", "[]", "[[],[]]"];

    public string Run(byte[] input)
    {
        var end = Math.Max(0, Array.IndexOf(input, (byte)'\n'));
        var type = Encoding.Latin1.GetString(input, 0, end);
        var body = input[Math.Min(input.Length, end + 1)..];
        var isText = type.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase);
        var model = isText ? FuzzModels.Text : FuzzModels.Rows;
        var whole = BodyReader.Read(body, model, null, isLengthKnown: true, isCompressed: false, piece: int.MaxValue, type);
        var pieces = BodyReader.Read(body, model, null, isLengthKnown: false, isCompressed: false, piece: 1 + (input.Length % 61), type);
        Check.That(whole == pieces || body.Length > BodyReader.MaxInputSize, $"as one piece: {whole}; in pieces: {pieces}");
        if (!whole.StartsWith("read ", StringComparison.Ordinal))
        {
            return whole;
        }

        var begins = body.AsSpan().TrimStart(" \t\r\n"u8);
        if (isText && !(begins is [(byte)'{', ..] && begins[1..].TrimStart(" \t\r\n"u8) is [(byte)'"', ..]))
        {
            var first = Convert.ToHexString([.. BitConverter.GetBytes(body.Length), .. body.Take(60)]);
            Check.That(whole == $"read Bytes [1] {first}", $"the text became {whole}");
            return "read a text";
        }

        if (begins is [(byte)'[', ..])
        {
            CheckRows(body, whole);
            return $"read rows {body.Count(static value => value == '[') - 1}";
        }

        return "read a request";
    }

    /// <summary>Rows are the data of a request, whatever the nesting: the elements count.</summary>
    private static void CheckRows(byte[] body, string read)
    {
        var rows = Encoding.UTF8.GetString(body);
        var shape = read.Split(' ')[2];
        var request = $"{{\"inputs\":[{{\"name\":\"R\",\"datatype\":\"FP64\",\"shape\":{shape},\"data\":{rows}}}]}}";
        var wrapped = BodyReader.Read(Encoding.UTF8.GetBytes(request), FuzzModels.Rows, null, isLengthKnown: true, isCompressed: false, piece: int.MaxValue);

        // The request around them has no room at the limit, and nesting that is not the shape's is refused there.
        Check.That(wrapped == read || !wrapped.StartsWith("read", StringComparison.Ordinal), $"alone: {read}; within a request: {wrapped}");
    }
}
