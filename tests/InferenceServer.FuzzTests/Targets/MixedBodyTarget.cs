using System.Text;
using InferenceServer.FuzzTests.Engine;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>JSON with tensors behind it, or a body that is nothing but a tensor. An input is the text of the header that says how long the JSON is, a line feed, and the body.</summary>
internal sealed class MixedBodyTarget : IFuzzTarget
{
    private const string Two = """{"inputs":[{"name":"A","datatype":"UINT8","shape":[5],"parameters":{"binary_data_size":5}},{"name":"S","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":7}}]}""";
    private const string Mixed = """{"inputs":[{"name":"A","datatype":"UINT8","shape":[2],"data":[1,2]},{"name":"B","datatype":"FP32","shape":[2,1],"parameters":{"binary_data_size":8}}],"outputs":[{"name":"B_OUT"}]}""";

    public string Name => "mixed-body";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        [.. Encoding.UTF8.GetBytes($"{Two.Length}\n{Two}"), 1, 2, 3, 4, 5, 3, 0, 0, 0, 65, 66, 67],
        [.. Encoding.UTF8.GetBytes($"{Mixed.Length}\n{Mixed}"), 0, 0, 128, 63, 0, 0, 192, 127],
        [.. Encoding.UTF8.GetBytes("0\n"), 1, 2, 3, 4, 5, 6, 7, 8],
        Encoding.UTF8.GetBytes("13\n{\"inputs\":[]}"),
    ];

    public IReadOnlyList<string> Words { get; } =
        ["\"binary_data_size\":", "\"parameters\":{\"binary_data_size\":0}", "\n", "0\n", "-1\n", " ", "+", "\"shape\":[", "\"datatype\":\"BYTES\"", "{\"name\":\"A\",\"datatype\":\"UINT8\",\"shape\":[1],\"parameters\":{\"binary_data_size\":1}},"];

    public string Run(byte[] input)
    {
        var end = Array.IndexOf(input, (byte)'\n');
        var header = end < 0 ? "" : Encoding.Latin1.GetString(input, 0, end);
        var body = input[(end + 1)..];
        var model = header == "0" ? FuzzModels.One : FuzzModels.Three;
        var known = BodyReader.Read(body, model, header, isLengthKnown: true, isCompressed: false, piece: 1 + (input.Length % 53));
        var open = BodyReader.Read(body, model, header, isLengthKnown: false, isCompressed: false, piece: 1 + (input.Length % 11));

        // How much is there is told by other words when it is not known from the beginning; what is read is the same.
        Check.That(known == open || !(known.StartsWith("read", StringComparison.Ordinal) || open.StartsWith("read", StringComparison.Ordinal)), $"with its length: {known}; without: {open}");
        return BodyReader.Form(known);
    }
}
