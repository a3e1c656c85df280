using System.Text;
using InferenceServer.FuzzTests.Engine;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>The flat JSON object of a generate request.</summary>
internal sealed class GenerateTarget : IFuzzTarget
{
    public string Name => "generate";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            """{"A":[1,2,255],"B":[[1.5,2],[NaN,-Infinity]],"S":"a text"}""",
            """{"id":"a\u00e9","S":["a","\u0000"],"parameters":{"A":7,"x":1,"y":"z","b":true},"stream":false}""",
            """ { "B" : [ ] , "temperature" : 0.5 , "priority" : 1 , "A" : [ [ 1 ] ] } """,
            """{"S":[],"A":[],"parameters":{"sequence_id":"q","sequence_start":true}}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public IReadOnlyList<string> Words { get; } = ["\"A\":", "\"B\":", "\"S\":", "\"id\":", "\"parameters\":{", "\"timeout\":", "\"x\":", "[", "]", "{", "}", ",", "[1,2]", "\"t\"", "NaN", "null", "true", "\\ud800", "[]", "1e400"];

    public string Run(byte[] input)
    {
        var whole = BodyReader.ReadGenerate(input, FuzzModels.Three, isLengthKnown: true, piece: int.MaxValue);
        var pieces = BodyReader.ReadGenerate(input, FuzzModels.Three, isLengthKnown: false, piece: 1 + (input.Length % 43));
        Check.That(whole == pieces || input.Length > BodyReader.MaxInputSize, $"as one piece: {whole}; in pieces: {pieces}");
        return BodyReader.Form(whole);
    }
}
