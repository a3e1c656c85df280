using System.Text;
using CsCheck;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

public class InferHeaderReaderTests
{
    [Theory]
    [InlineData("false", "true", false)]
    [InlineData("true", "false", true)]
    public void Read_BinaryDataOutputTwice_TheFirstCounts(string first, string second, bool expected)
    {
        using var header = Read($"{{\"parameters\":{{\"binary_data_output\":{first},\"binary_data_output\":{second}}},\"inputs\":[]}}", new CountingAllocator(), out var error);
        Assert.Null(error);
        Assert.Equal(expected, header.SendsBinary);
    }

    [Fact]
    public void Read_Everything_IsThere()
    {
        var allocator = new CountingAllocator();
        using (var header = Read("""
            {"id":"a\u00e9","unknown":{"x":[1,{"y":null}]},"parameters":{"s":"t","i":-5,"u":18446744073709551615,"b":true,"d":1.5,"sequence_id":9,
             "sequence_start":true,"priority":3,"binary_data_output":true},
             "inputs":[{"name":"A","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,NaN]],"name":"second of two"},
                       {"data":["x","\n"],"datatype":"BYTES","name":"B","shape":[2]},
                       {"name":"C","shape":[3],"datatype":"UINT8","parameters":{"binary_data_size":3,"more":{}}}],
             "outputs":[{"name":"Y"},{"name":"Z","parameters":{"binary_data":true,"classification":0}}]}
            """, allocator, out var error))
        {
            Assert.Null(error);
            Assert.Equal("aé", header.Id);
            Assert.True(header.SendsBinary!.Value);
            Assert.Equal(3, header.Inputs.Count);
            Assert.Equal(new InputHead("A", TensorDataType.Fp32, new TensorShape(2, 2)), header.Inputs[0].Head);
            Assert.Equal([1f, 2f, 3f, float.NaN], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(header.Inputs[0].Data!.Span).ToArray());
            Assert.Equal([1, 0, 0, 0, (byte)'x', 1, 0, 0, 0, 10], header.Inputs[1].Data!.Span.ToArray());
            Assert.Equal(new HeaderInput(new InputHead("C", TensorDataType.UInt8, new TensorShape(3)), null, 3), header.Inputs[2]);
            Assert.Equal([new RequestedOutput("Y", false), new RequestedOutput("Z", true)], header.Outputs);
            Assert.Equal(ParameterValue.FromString("t"), header.Parameters["s"]);
            Assert.Equal(ParameterValue.FromInt64(-5), header.Parameters["i"]);
            Assert.Equal(ParameterValue.FromUInt64(ulong.MaxValue), header.Parameters["u"]);
            Assert.Equal(ParameterValue.FromBool(true), header.Parameters["b"]);
            Assert.Equal(ParameterValue.FromDouble(1.5), header.Parameters["d"]);
            Assert.Equal(ParameterValue.FromUInt64(9), header.Parameters["sequence_id"]);
            Assert.False(header.Parameters.ContainsKey("binary_data_output"));
        }

        Assert.Equal(0, allocator.Rented);
    }

    [Fact]
    public void Read_InSharedMemory_SaysWhere()
    {
        using var header = Read("""
            {"inputs":[{"name":"A","datatype":"FP32","shape":[2],"parameters":{"shared_memory_offset":16,"shared_memory_region":"r\u00e9","shared_memory_byte_size":8,"shared_memory_byte_size":9}},
                       {"parameters":{"shared_memory_region":"s","shared_memory_byte_size":9223372036854775807},"name":"B","datatype":"BYTES","shape":[2]}],
             "outputs":[{"name":"Y","parameters":{"shared_memory_region":"s","shared_memory_byte_size":0,"binary_data":false,"classification":0}},{"name":"Z"}]}
            """, new CountingAllocator(), out var error);
        Assert.Null(error);
        Assert.Equal([new SharedMemoryRange("ré", 16, 8), new SharedMemoryRange("s", 0, long.MaxValue)], header.Inputs.Select(static input => input.Source));
        Assert.All(header.Inputs, static input => Assert.Null(input.Data));
        Assert.Equal([new RequestedOutput("Y", false, 0, new SharedMemoryRange("s", 0, 0)), new RequestedOutput("Z", false)], header.Outputs);
    }

    [Fact]
    public void Read_RegionOfALongName_IsRefused()
    {
        using var header = Read($$$"""{"inputs":[{"name":"IN","datatype":"INT8","shape":[1],"parameters":{"shared_memory_region":"{{{new string('r', 1025)}}}"}}]}""", new CountingAllocator(), out var error);
        Assert.Equal("Unable to parse 'shared_memory_region' of input 'IN': expected at most 1024 bytes, got 1025", error?.Message);
    }

    [Theory]
    [InlineData("null", "inputs")]
    [InlineData("5", "inputs")]
    [InlineData("{}", "inputs")]
    [InlineData("""{"inputs":{"name":"IN"}}""", "inputs|array|object")]
    [InlineData("""{"inputs":[5]}""", "inputs|object")]
    [InlineData("""{"id":7,"inputs":[]}""", "'id'|a string|a number")]
    [InlineData("""{"inputs":[],"outputs":[{}]}""", "'name'")]
    [InlineData("""{"inputs":[],"outputs":{}}""", "'outputs'|array")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"O","parameters":{"binary_data":1}}]}""", "binary_data|true or false")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"O","parameters":{"classification":-2}}]}""", "classification|unsigned")]
    [InlineData("""{"inputs":[],"parameters":[1]}""", "parameters|object")]
    [InlineData("""{"inputs":[],"parameters":{"triton_x":1}}""", "triton_|reserved")]
    [InlineData("""{"inputs":[],"parameters":{"k":null}}""", "'k'|int|bool|string")]
    [InlineData("""{"inputs":[],"parameters":{"k":[1]}}""", "'k'|int|bool|string")]
    [InlineData("""{"inputs":[],"parameters":{"k":1e999}}""", "'k'|finite")]
    [InlineData("""{"inputs":[],"parameters":{"priority":"3"}}""", "priority|unsigned")]
    [InlineData("""{"inputs":[],"parameters":{"priority":-1}}""", "priority|unsigned")]
    [InlineData("""{"inputs":[],"parameters":{"timeout":"soon"}}""", "timeout")]
    [InlineData("""{"inputs":[],"parameters":{"sequence_start":1}}""", "sequence_start")]
    [InlineData("""{"inputs":[],"parameters":{"sequence_id":true}}""", "sequence_id")]
    [InlineData("""{"inputs":[],"parameters":{"binary_data_output":"yes"}}""", "binary_data_output")]
    [InlineData("""{"inputs":[{"datatype":"INT32","shape":[1],"data":[1]}]}""", "'name'|input 0")]
    [InlineData("""{"inputs":[{"name":7}]}""", "'name'")]
    [InlineData("""{"inputs":[{"name":"IN","shape":[1],"data":[1]}]}""", "'datatype'|'IN'")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","data":[1]}]}""", "'shape'|'IN'")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"int32","shape":[1],"data":[1]}]}""", "invalid datatype for input IN|'int32'")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1]}]}""", "only one|data|binary_data_size|shared_memory_region")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[1],"parameters":{"binary_data_size":4}}]}""", "only one")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":-4}}]}""", "binary_data_size")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":"4"}}]}""", "binary_data_size")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[1],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":4}}]}""", "only one|set 'data' 'shared_memory_region'|IN")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":4,"binary_data_size":4}}]}""", "only one|'binary_data_size' in 'parameters' 'shared_memory_region'|IN")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"shared_memory_region":"r"}}]}""", "'shared_memory_byte_size'|'IN'")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[1],"parameters":{"shared_memory_byte_size":4}}]}""", "'shared_memory_byte_size' can not be specified without 'shared_memory_region'|'IN'")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[1],"parameters":{"shared_memory_offset":0}}]}""", "'shared_memory_offset' can not be specified without 'shared_memory_region'|'IN'")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"shared_memory_region":5,"shared_memory_byte_size":4}}]}""", "'shared_memory_region'|'IN'|a string|a number")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"shared_memory_region":null,"shared_memory_byte_size":4}}]}""", "'shared_memory_region'|'IN'|a string|null")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":-1}}]}""", "'shared_memory_byte_size'|'IN'|unsigned")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":4.0}}]}""", "'shared_memory_byte_size'|'IN'|unsigned")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":"4"}}]}""", "'shared_memory_byte_size'|'IN'|a string")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":4,"shared_memory_offset":9223372036854775808}}]}""", "'shared_memory_offset'|'IN'|63 bits")]
    [InlineData("""{"inputs":[{"parameters":{"shared_memory_region":5},"name":"IN"}]}""", "'shared_memory_region'|input 0")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"OUT","parameters":{"shared_memory_region":"r"}}]}""", "'shared_memory_byte_size'|'OUT'")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"OUT","parameters":{"shared_memory_byte_size":4}}]}""", "'shared_memory_byte_size' can not be specified without 'shared_memory_region'|'OUT'")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"OUT","parameters":{"shared_memory_offset":-1}}]}""", "'shared_memory_offset'|'OUT'|unsigned")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"OUT","parameters":{"shared_memory_region":"r","shared_memory_byte_size":4,"classification":1}}]}""", "can't set both 'shared_memory_region' and 'classification'|'OUT'")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"OUT","parameters":{"shared_memory_region":"r","shared_memory_byte_size":4,"binary_data":true}}]}""", "can't set both 'shared_memory_region' and 'binary_data'|'OUT'")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":"1","data":[1]}]}""", "'shape'|array")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[-1],"data":[1]}]}""", "'shape'|IN|-1")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1.0],"data":[1]}]}""", "'shape'|IN|1.0")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[9223372036854775808],"data":[1]}]}""", "'shape'|9223372036854775808")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1,1,1,1,1,1,1,1,1],"data":[1]}]}""", "'shape'|8")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[4,4611686018427387904,3],"data":[1]}]}""", "IN|element count")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[9223372036854775807],"data":[1]}]}""", "IN|byte size overflow")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":5}]}""", "'data'|array")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[2,3],"data":[1,2,3,4,5]}]}""", "'data'|IN|6|5")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[2,3],"data":[1,2,3,4,5,6,7,8]}]}""", "'data'|IN|6|8")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1000000],"data":[[1],[2]]}]}""", "'data'|IN|1000000|got 2")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"BYTES","shape":[2],"data":["a"]}]}""", "'data'|IN|2|1")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"BYTES","shape":[2],"data":["a",5]}]}""", "IN|element 1|string|number")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"BOOL","shape":[1],"data":[1]}]}""", "IN|element 0|true or false|a number")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"UINT8","shape":[2],"data":[0,256]}]}""", "IN|element 1|0 to 255|256")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"UINT8","shape":[1],"data":[-1]}]}""", "IN|element 0|0 to 255|-1")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT8","shape":[1],"data":[-129]}]}""", "IN|-128 to 127|-129")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[1.0]}]}""", "IN|integer|1.0")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[NaN]}]}""", "IN|integer|NaN")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":["1"]}]}""", "IN|integer|a string")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[null]}]}""", "IN|integer|null")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT64","shape":[1],"data":[9223372036854775808]}]}""", "IN|9223372036854775808")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"UINT64","shape":[1],"data":[18446744073709551616]}]}""", "IN|18446744073709551616")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"FP32","shape":[1],"data":[1e39]}]}""", "IN|element 0|1e39")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"FP64","shape":[1],"data":[-1e999]}]}""", "IN|element 0|-1e999")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"FP16","shape":[1],"data":[65520]}]}""", "IN|element 0|65520")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"BF16","shape":[1],"data":[3.4e38]}]}""", "IN|element 0|3.4e38")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[2,3],"data":[[1,2],[3,4],[5,6]]}]}""", "IN|[3,2]|[2,3]")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[2,3],"data":[[[1]],2,3,[4,5,6]]}]}""", "IN|uneven|[2,3]")]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[4]}]} {}""", "offset 69")]
    public void Read_Wrong_SaysWhat(string text, string words)
    {
        var allocator = new CountingAllocator();
        using (Read(text, allocator, out var error))
        {
            Assert.NotNull(error);
            Assert.Equal(ErrorCode.InvalidArgument, error.Code);
            Assert.All(words.Split('|'), word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
        }

        Assert.Equal(0, allocator.Rented);
    }

    [Theory]
    [InlineData("[2,3]", "[1,2,3,4,5,6]")]
    [InlineData("[2,3]", "[[1,2,3],[4,5,6]]")]
    [InlineData("[2,3]", "[[[1],[2],[3]],[[4],[5],[6]]]")]
    [InlineData("[1,2,3]", "[[1,2,3],[4,5,6]]")]
    [InlineData("[6]", "[[[1,2,3,4,5,6]]]")]
    [InlineData("[6,1]", "[[1],[2],[3],[4],[5],[6]]")]
    public void Read_Nesting_OfTheShapeOrNone(string shape, string data)
    {
        using var header = Read($$"""{"inputs":[{"name":"X","datatype":"INT8","shape":{{shape}},"data":{{data}}}]}""", new CountingAllocator(), out var error);
        Assert.Null(error);
        Assert.Equal([1, 2, 3, 4, 5, 6], header.Inputs[0].Data!.Span.ToArray());
    }

    [Theory]
    [InlineData("[0]", "[]")]
    [InlineData("[2,0]", "[[],[]]")]
    [InlineData("[1,0,3]", "[]")]
    public void Read_Empty_IsATensor(string shape, string data)
    {
        foreach (var type in TensorDataTypes.All)
        {
            using var header = Read($$"""{"inputs":[{"name":"X","datatype":"{{type.ProtocolName()}}","shape":{{shape}},"data":{{data}}}]}""", new CountingAllocator(), out var error);
            Assert.Null(error);
            Assert.Equal(0, header.Inputs[0].Data!.Length);
        }
    }

    [Fact]
    public void Read_EscapedMemberNames_AreTheSameNames()
    {
        using var header = Read("""{"\u0069nputs":[{"\u006eame":"A\/B","\u0064atatype":"\u0049NT8","sh\u0061pe":[1],"data":[1]}]}""", new CountingAllocator(), out var error);
        Assert.Null(error);
        Assert.Equal("A/B", header.Inputs[0].Head.Name);
    }

    [Fact]
    public void Read_Limits_AreKept()
    {
        var options = new KServeHttpOptions { MaxInputSize = 100, MaxTensors = 2, MaxParameters = 2 };
        Refused("""{"inputs":[{"name":"X","datatype":"INT32","shape":[26],"data":[1]}]}""", "104|100|Use --http-max-input-size to increase the limit.");
        Refused("""{"inputs":[{"name":"X","datatype":"BYTES","shape":[21],"data":["","","","","","","","","","","","","","","","","","","","","a1234567890123456"]}]}""", "101|100|--http-max-input-size");
        var empty = """{"name":"X","datatype":"INT8","shape":[0],"data":[]}""";
        Refused($$"""{"inputs":[{{empty}},{{empty}},{{empty}}]}""", "inputs|2");
        Refused("""{"inputs":[],"outputs":[{"name":"a"},{"name":"b"},{"name":"c"}]}""", "outputs|2");
        Refused("""{"inputs":[],"parameters":{"a":1,"b":1,"a":1}}""", "parameters|2");
        Refused("{\"inputs\":[],\"parameters\":{\"" + new string('p', 1025) + "\":1}}", "1024|1025");
        Refused("{\"inputs\":[{\"name\":\"" + new string('p', 1025) + "\"}]}", "1024|1025");

        void Refused(string text, string words)
        {
            var allocator = new CountingAllocator();
            using var header = new InferHeader();
            var error = new InferHeaderReader(allocator, options).Read(Encoding.UTF8.GetBytes(text), null, header);
            Assert.NotNull(error);
            Assert.All(words.Split('|'), word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
            Assert.True(allocator.Largest <= 100);
        }
    }

    [Fact]
    public void Read_ClaimedSize_IsNotRentedBeforeItIsBelieved()
    {
        var allocator = new CountingAllocator();
        using (Read("""{"inputs":[{"name":"X","datatype":"FP64","shape":[8000000],"data":[1,2]}]}""", allocator, out var error))
        {
            Assert.Contains("8000000", error!.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, allocator.Largest);
    }

    [Fact]
    public void Any_MutatedRequest_NeverThrowsAndNeverLeaks()
    {
        var good = Encoding.UTF8.GetBytes("""{"id":"x","parameters":{"a":1},"inputs":[{"data":["p","q\n"],"name":"S","datatype":"BYTES","shape":[2]},{"name":"A","datatype":"FP32","shape":[1,4],"data":[[1,2.5,NaN,-Inf]]},{"name":"B","datatype":"INT8","shape":[2],"parameters":{"binary_data_size":2}}],"outputs":[{"name":"Y","parameters":{"binary_data":true}}]}""");
        var allocator = new CountingAllocator();
        var reader = new InferHeaderReader(allocator, new KServeHttpOptions());
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Int[0, 8], Gen.Byte.Array[0, 6]).Array[1, 4].Sample(
            edits =>
            {
                var bytes = new List<byte>(good);
                foreach (var (place, removed, inserted) in edits)
                {
                    var start = Math.Min(place, bytes.Count);
                    bytes.RemoveRange(start, Math.Min(removed, bytes.Count - start));
                    bytes.InsertRange(start, inserted);
                }

                using var header = new InferHeader();
                reader.Read([.. bytes], null, header);
            },
            iter: 5000,
            threads: 1);
        Assert.Equal(0, allocator.Rented);
    }

    private static InferHeader Read(string text, CountingAllocator allocator, out InferenceError? error)
    {
        var header = new InferHeader();
        error = new InferHeaderReader(allocator, new KServeHttpOptions()).Read(Encoding.UTF8.GetBytes(text), null, header);
        return header;
    }
}
