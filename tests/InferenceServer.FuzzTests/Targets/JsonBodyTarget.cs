using System.Text;
using InferenceServer.FuzzTests.Engine;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>The JSON of an inference request. Whatever the pieces it comes in, and whether its length is known, the same must come of it.</summary>
internal sealed class JsonBodyTarget : IFuzzTarget
{
    public string Name => "json-body";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            """{"inputs":[{"name":"A","datatype":"UINT8","shape":[3],"data":[1,2,255]}]}""",
            """{"id":"a\u00e9\ud83d\ude00","parameters":{"priority":1,"x":-2.5e3,"s":"t","b":true,"sequence_id":"q"},"inputs":[{"name":"B","shape":[2,2],"datatype":"FP32","data":[[1.5,NaN],[-Infinity,1e-45]]}],"outputs":[{"name":"B_OUT","parameters":{"binary_data":true}}]}""",
            """{"inputs":[{"data":["a\n","\u0000","naïve"],"shape":[3],"datatype":"BYTES","name":"S"},{"name":"A","datatype":"UINT8","shape":[0],"data":[]}],"outputs":[{"name":"A_OUT","parameters":{"classification":2}}],"unknown":{"a":[1,{"b":null}]}}""",
            """{"inputs":[{"name":"I","datatype":"INT64","shape":[1,1,1,1,1,1,1,2],"data":[[[[[[[[-9223372036854775808,9223372036854775807]]]]]]]]},{"name":"U","datatype":"UINT64","shape":[1],"data":[18446744073709551615]}]}""",
            """{"inputs":[{"name":"T","datatype":"BOOL","shape":[2],"data":[true,false]},{"name":"H","datatype":"FP16","shape":[2],"data":[0.1,65504]},{"name":"F","datatype":"BF16","shape":[1],"data":[3.3895314e38]},{"name":"D","datatype":"FP64","shape":[2],"data":[5e-324,0.1]}]}""",
            """ { "parameters" : { "binary_data_output" : true } , "inputs" : [ ] } """,
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public IReadOnlyList<string> Words { get; } =
    [
        "\"name\":", "\"datatype\":", "\"shape\":", "\"data\":", "\"inputs\":", "\"outputs\":", "\"id\":", "\"parameters\":", "\"binary_data_size\":", "\"binary_data\":", "\"classification\":",
        "\"BYTES\"", "\"FP32\"", "\"INT8\"", "\"UINT64\"", "\"BOOL\"", "\"BF16\"", "[]", "{}", "null", "true", "NaN", "-Infinity", "\\u0041", "\\ud800", "\\udc00", "\"shared_memory_region\":\"r\"",
        "{\"name\":\"A\",\"datatype\":\"UINT8\",\"shape\":[1],\"data\":[1]},", "\"timeout\":", "\"triton_x\":", ",", ":",
    ];

    public string Run(byte[] input)
    {
        var whole = BodyReader.Read(input, FuzzModels.Three, null, isLengthKnown: true, isCompressed: false, piece: int.MaxValue);
        var pieces = BodyReader.Read(input, FuzzModels.Three, null, isLengthKnown: false, isCompressed: false, piece: 1 + (input.Length % 97));

        // Of a body without a length only that it is too long is known.
        Check.That(whole == pieces || input.Length > BodyReader.MaxInputSize, $"as one piece: {whole}; in pieces: {pieces}");
        return BodyReader.Form(whole);
    }
}
