using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>The schemas that are the same whatever models there are.</summary>
internal static class SharedSchemas
{
    /// <summary>Each schema by its name.</summary>
    private static readonly ImmutableArray<(string Name, string Json)> s_texts =
    [
        ("Error", """
            {"type":"object","required":["error"],"properties":{"error":{"type":"string","description":"One sentence that names the tensor or field, what was expected and what came."}}}
            """),
        ("Problem", """
            {"type":"object","description":"RFC 9457, and beside it the member that every error has.","required":["error","type","title","status","detail"],"properties":{"error":{"type":"string"},"type":{"type":"string","format":"uri-reference"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"},"instance":{"type":"string","format":"uri-reference"},"request_id":{"type":"string"},"code":{"type":"string","enum":["not_found","invalid_argument","already_exists","unsupported","unavailable","resource_exhausted","deadline_exceeded","cancelled","permission_denied","internal"]},"subject":{"type":"string","description":"The tensor, field or parameter that is wrong."},"expected":{"type":"string"},"got":{"type":"string"}}}
            """),
        ("Document", """
            {"type":"object","description":"OpenAPI 3.1.","required":["openapi","info"],"properties":{"openapi":{"type":"string"},"info":{"type":"object"}}}
            """),
        ("GenerateRequest", """
            {"type":"object","description":"Members and those of parameters that have the name of an input are tensors: one value, or arrays of them. All others are parameters of the request.","properties":{"id":{"type":"string"},"parameters":{"type":"object","additionalProperties":true}},"additionalProperties":true}
            """),
        ("GenerateResponse", """
            {"type":"object","description":"Each output by its name, one value alone where it has one element; and the response's parameters.","required":["model_name","model_version"],"properties":{"id":{"type":"string"},"model_name":{"type":"string"},"model_version":{"type":"string"}},"additionalProperties":true}
            """),
        ("Duration", """
            {"type":"object","required":["count","ns"],"properties":{"count":{"type":"integer","minimum":0},"ns":{"type":"integer","minimum":0}}}
            """),
        ("Statistics", """
            {"type":"object","required":["model_stats"],"properties":{"model_stats":{"type":"array","items":{"type":"object","required":["name","version","last_inference","inference_count","execution_count","inference_stats"],"properties":{"name":{"type":"string"},"version":{"type":"string"},"last_inference":{"type":"integer","description":"Milliseconds since 1970."},"inference_count":{"type":"integer"},"execution_count":{"type":"integer"},"inference_stats":{"type":"object","additionalProperties":{"$ref":"#/components/schemas/Duration"}},"response_stats":{"type":"object","additionalProperties":{"type":"object","additionalProperties":{"$ref":"#/components/schemas/Duration"}}},"batch_stats":{"type":"array","items":{"type":"object"}},"memory_usage":{"type":"array","items":{"type":"object"}}}}}}}
            """),
        ("TraceSettings", """
            {"type":"object","properties":{"trace_level":{"type":["array","null"],"items":{"type":"string","enum":["OFF","TIMESTAMPS","TENSORS"]}},"trace_rate":{"type":["string","null"]},"trace_count":{"type":["string","null"]},"log_frequency":{"type":["string","null"]},"trace_file":{"type":["string","null"]},"trace_mode":{"type":["string","null"]}}}
            """),
        ("LogSettings", """
            {"type":"object","properties":{"log_file":{"type":["string","null"]},"log_info":{"type":["boolean","null"]},"log_warning":{"type":["boolean","null"]},"log_error":{"type":["boolean","null"]},"log_verbose_level":{"type":["integer","null"],"minimum":0},"log_format":{"type":["string","null"]}}}
            """),
        ("IndexRequest", """
            {"type":"object","properties":{"ready":{"type":"boolean"}},"additionalProperties":true}
            """),
        ("RepositoryIndex", """
            {"type":"array","items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"version":{"type":"string"},"state":{"type":"string","enum":["READY","LOADING","UNLOADING","UNAVAILABLE"]},"reason":{"type":"string"}}}}
            """),
        ("LoadRequest", """
            {"type":"object","properties":{"parameters":{"type":"object","description":"config: a model configuration as JSON text. file:<version>/<file>: a file in base64.","additionalProperties":{"type":"string"}}},"additionalProperties":true}
            """),
        ("UnloadRequest", """
            {"type":"object","properties":{"parameters":{"type":"object","properties":{"unload_dependents":{"type":"boolean"}},"additionalProperties":true}},"additionalProperties":true}
            """),
        ("SystemRegion", """
            {"type":"object","required":["key","byte_size"],"properties":{"name":{"type":"string"},"key":{"type":"string"},"offset":{"type":"integer","minimum":0},"byte_size":{"type":"integer","minimum":1}}}
            """),
        ("SystemRegions", """
            {"type":"array","items":{"$ref":"#/components/schemas/SystemRegion"}}
            """),
        ("CudaRegion", """
            {"type":"object","properties":{"name":{"type":"string"},"raw_handle":{"type":"object","properties":{"b64":{"type":"string","description":"The 64 bytes of the CUDA handle; the status does not show them."}}},"device_id":{"type":"integer","minimum":0},"byte_size":{"type":"integer","minimum":0}}}
            """),
        ("CudaRegions", """
            {"type":"array","items":{"$ref":"#/components/schemas/CudaRegion"}}
            """),
        ("AliasConfig", """
            {"type":"object","required":["targets"],"additionalProperties":false,"properties":{"targets":{"type":"array","minItems":1,"maxItems":16,"items":{"type":"object","required":["model","weight"],"additionalProperties":false,"properties":{"model":{"type":"string"},"version":{"type":"integer","minimum":1,"description":"The highest one that is ready when left out."},"weight":{"type":"number","minimum":0,"maximum":1000000},"stable":{"type":"boolean"}}}},"shadow":{"type":"object","required":["model"],"additionalProperties":false,"properties":{"model":{"type":"string"},"version":{"type":"integer","minimum":1},"fraction":{"type":"number","minimum":0,"maximum":1},"max_in_flight":{"type":"integer","minimum":1,"maximum":1024},"timeout_ms":{"type":"integer","minimum":1,"maximum":600000}}},"sticky_header":{"type":"string"},"rollback":{"type":"object","additionalProperties":false,"properties":{"max_error_rate":{"type":"number","minimum":0,"maximum":1},"max_latency_ms":{"type":"number"},"min_requests":{"type":"integer","minimum":1},"window_seconds":{"type":"number","minimum":1}}}}}
            """),
        ("Alias", """
            {"type":"object","required":["name","tag","origin","ready","config","targets","shadow","rollbacks"],"properties":{"name":{"type":"string"},"tag":{"type":"string"},"origin":{"type":"string","enum":["file","request"]},"changed_at":{"type":"string","format":"date-time"},"ready":{"type":"boolean"},"hidden_by_model":{"type":"boolean"},"config":{"$ref":"#/components/schemas/AliasConfig"},"previous":{"$ref":"#/components/schemas/AliasConfig"},"rolled_back":{"type":"object"},"targets":{"type":"array","items":{"type":"object"}},"shadow":{"type":"object"},"rollbacks":{"type":"object","additionalProperties":{"type":"integer"}}}}
            """),
        ("Aliases", """
            {"type":"object","required":["aliases"],"properties":{"aliases":{"type":"array","items":{"$ref":"#/components/schemas/Alias"}},"file_problems":{"type":"array","items":{"type":"string"}}}}
            """),
        ("AliasPromotion", """
            {"type":"object","additionalProperties":false,"properties":{"model":{"type":"string"},"version":{"type":"integer","minimum":1}}}
            """),
        ("AliasRollback", """
            {"type":"object","additionalProperties":false,"properties":{"to":{"type":"string","enum":["stable","previous"]}}}
            """),
        ("ServerMetadata", """
            {"type":"object","required":["name","version","extensions"],"properties":{"name":{"type":"string"},"version":{"type":"string"},"extensions":{"type":"array","items":{"type":"string"}}}}
            """),
        ("TensorMetadata", """
            {"type":"object","required":["name","datatype","shape"],"properties":{"name":{"type":"string"},"datatype":{"$ref":"#/components/schemas/Datatype"},"shape":{"type":"array","items":{"type":"integer","minimum":-1},"maxItems":8,"description":"-1 where any size goes."}}}
            """),
        ("ModelMetadata", """
            {"type":"object","required":["name","versions","platform","inputs","outputs"],"properties":{"name":{"type":"string"},"versions":{"type":"array","items":{"type":"string"}},"platform":{"type":"string"},"inputs":{"type":"array","items":{"$ref":"#/components/schemas/TensorMetadata"}},"outputs":{"type":"array","items":{"$ref":"#/components/schemas/TensorMetadata"}}}}
            """),
        ("ModelConfig", """
            {"type":"object","description":"Triton's model configuration as JSON, under the names of config.pbtxt.","required":["name"],"properties":{"name":{"type":"string"},"platform":{"type":"string"},"backend":{"type":"string"},"max_batch_size":{"type":"integer"},"input":{"type":"array","items":{"type":"object"}},"output":{"type":"array","items":{"type":"object"}}},"additionalProperties":true}
            """),
        ("Parameters", """
            {"type":"object","description":"What the protocol and the backend are told beside the tensors. Names that begin with triton_ are reserved.","additionalProperties":{"type":["string","integer","number","boolean"]}}
            """),
        ("Shape", """
            {"type":"array","items":{"type":"integer","minimum":0},"maxItems":8}
            """),
        ("Data", """
            {"type":"array","description":"The elements, flat or nested as the shape says. NaN, Infinity and -Infinity are written as bare words, which is more than JSON allows.","items":{"type":["number","boolean","string","array"]}}
            """),
        ("InferInput", """
            {"type":"object","description":"One source of data: data, or the parameter binary_data_size.","required":["name","datatype","shape"],"properties":{"name":{"type":"string"},"datatype":{"$ref":"#/components/schemas/Datatype"},"shape":{"$ref":"#/components/schemas/Shape"},"parameters":{"$ref":"#/components/schemas/Parameters"},"data":{"$ref":"#/components/schemas/Data"}}}
            """),
        ("RequestedOutput", """
            {"type":"object","required":["name"],"properties":{"name":{"type":"string"},"parameters":{"$ref":"#/components/schemas/OutputParameters"}}}
            """),
        ("OutputParameters", """
            {"type":"object","properties":{"binary_data":{"type":"boolean","description":"As bytes behind the JSON instead of in it."},"classification":{"type":"integer","minimum":0,"description":"The so many largest elements in place of all."}},"additionalProperties":true}
            """),
        ("InferRequest", """
            {"type":"object","required":["inputs"],"properties":{"id":{"type":"string"},"parameters":{"$ref":"#/components/schemas/Parameters"},"inputs":{"type":"array","items":{"$ref":"#/components/schemas/InferInput"}},"outputs":{"type":"array","description":"Which outputs are wanted; all when left out.","items":{"$ref":"#/components/schemas/RequestedOutput"}}}}
            """),
        ("InferOutput", """
            {"type":"object","required":["name","datatype","shape"],"properties":{"name":{"type":"string"},"datatype":{"$ref":"#/components/schemas/Datatype"},"shape":{"$ref":"#/components/schemas/Shape"},"parameters":{"$ref":"#/components/schemas/Parameters"},"data":{"$ref":"#/components/schemas/Data"}}}
            """),
        ("ClassifiedOutput", """
            {"type":"object","description":"What a request with the parameter classification gets: texts of the form value:index or value:index:label.","required":["name","datatype","shape"],"properties":{"name":{"type":"string"},"datatype":{"type":"string","enum":["BYTES"]},"shape":{"$ref":"#/components/schemas/Shape"},"parameters":{"$ref":"#/components/schemas/Parameters"},"data":{"$ref":"#/components/schemas/Data.BYTES"}}}
            """),
        ("InferResponse", """
            {"type":"object","required":["model_name","model_version","outputs"],"properties":{"id":{"type":"string"},"model_name":{"type":"string"},"model_version":{"type":"string"},"parameters":{"$ref":"#/components/schemas/Parameters"},"outputs":{"type":"array","items":{"$ref":"#/components/schemas/InferOutput"}}}}
            """),
    ];

    /// <summary>The name of the schema of a type's elements.</summary>
    public static string DataOf(TensorDataType type) => "Data." + type.ProtocolName();

    public static void Write(JsonComposer json)
    {
        foreach (var (name, text) in s_texts)
        {
            json.Raw(name, text.Trim());
        }

        json.BeginObject("Datatype");
        json.Member("type", "string");
        json.BeginArray("enum");
        foreach (var type in TensorDataTypes.All)
        {
            json.Item(type.ProtocolName());
        }

        json.EndArray();
        json.EndObject();
        foreach (var type in TensorDataTypes.All)
        {
            WriteData(json, type);
        }
    }

    /// <summary>An array of elements, or of such arrays.</summary>
    private static void WriteData(JsonComposer json, TensorDataType type)
    {
        json.BeginObject(DataOf(type));
        json.Member("type", "array");
        json.Member("description", $"The elements as {type.ProtocolName()}, flat or nested as the shape says.");
        json.BeginObject("items");
        json.BeginArray("anyOf");
        json.BeginObject();
        json.Member("type", JsonTypeOf(type));
        if (RangeOf(type) is var (lowest, highest))
        {
            json.Raw("minimum", lowest);
            json.Raw("maximum", highest);
        }

        json.EndObject();
        json.BeginObject();
        json.Member("$ref", "#/components/schemas/" + DataOf(type));
        json.EndObject();
        json.EndArray();
        json.EndObject();
        json.EndObject();
    }

    private static string JsonTypeOf(TensorDataType type) => type switch
    {
        TensorDataType.Bool => "boolean",
        TensorDataType.Bytes => "string",
        TensorDataType.Fp16 or TensorDataType.Fp32 or TensorDataType.Fp64 or TensorDataType.Bf16 => "number",
        _ => "integer",
    };

    private static (string Lowest, string Highest)? RangeOf(TensorDataType type) => type switch
    {
        TensorDataType.UInt8 => Range(byte.MinValue, byte.MaxValue),
        TensorDataType.UInt16 => Range(ushort.MinValue, ushort.MaxValue),
        TensorDataType.UInt32 => Range(uint.MinValue, uint.MaxValue),
        TensorDataType.UInt64 => Range(ulong.MinValue, ulong.MaxValue),
        TensorDataType.Int8 => Range(sbyte.MinValue, sbyte.MaxValue),
        TensorDataType.Int16 => Range(short.MinValue, short.MaxValue),
        TensorDataType.Int32 => Range(int.MinValue, int.MaxValue),
        TensorDataType.Int64 => Range(long.MinValue, long.MaxValue),
        _ => null,
    };

    private static (string Lowest, string Highest)? Range<T>(T lowest, T highest)
        where T : IFormattable => (lowest.ToString(null, CultureInfo.InvariantCulture), highest.ToString(null, CultureInfo.InvariantCulture));
}
